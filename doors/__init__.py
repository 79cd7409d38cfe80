"""The ground of every HTTP door: problems, pages, streams, tokens, health, metrics, one server."""
