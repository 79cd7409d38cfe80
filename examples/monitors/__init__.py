"""Risk monitors of other makers, as examples."""
