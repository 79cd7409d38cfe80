"""The door of the trading engine: its REST endpoints, its streams and its metrics."""
