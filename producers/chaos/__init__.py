"""Faults by hand: the chaos endpoints every simulator's door has where it is not production."""
