"""The test coordinator: scenario files, and what may stand in them."""
