"""Live market data: exchanges' public tickers through ccxt, and the consensus over them."""
