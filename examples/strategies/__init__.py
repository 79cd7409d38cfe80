"""Strategies as a user would write them."""
