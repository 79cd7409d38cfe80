"""The catalogue on the broker: compiled, compared, applied, and proven by trying."""
