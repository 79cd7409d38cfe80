"""The background flow of a venue: market makers, noise traders, their impact, published books."""
