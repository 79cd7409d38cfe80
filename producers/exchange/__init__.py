"""The door of an exchange: its REST endpoints, its streams and its metrics."""
