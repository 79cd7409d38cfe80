"""The market data feed: correlated price paths, the quotes around them, and crashes of both."""
