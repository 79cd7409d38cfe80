"""Runs of a scenario on a broker: processes around a world or a live environment."""
