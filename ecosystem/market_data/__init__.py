"""The market data feed: price models, the quotes around them, bars, depth, and faults of all."""
