"""Reading finished runs back: history, re-derivation, comparison."""
