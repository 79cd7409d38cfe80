"""The gate: what an order must pass before it leaves the house."""
