"""Examples of what users add."""
