"""Recorded markets: from rows of a file to prices on the feed's grid, with nothing lost."""
