"""Strategies that misbehave, each in a way with a name; only an injection turns them on."""
