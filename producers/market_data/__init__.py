"""Market data from outside: recordings, live sources, and the feed's door."""
