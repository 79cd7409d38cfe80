"""The door of a custodian: its REST endpoints and its metrics."""
