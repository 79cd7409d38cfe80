"""Recordings: CSV and Parquet files of trades, quotes or bars as market data of a run."""
