"""The trading engine: strategies that form opinions, and the orders that follow from them."""
