"""The dashboard: a page, its style and its scripts, served as they lie here."""
