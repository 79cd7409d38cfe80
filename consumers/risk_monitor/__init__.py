"""The risk monitor: its own process, its own principal, the production plane only."""
