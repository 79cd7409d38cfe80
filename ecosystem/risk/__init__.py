"""Risk, pure: what a firm holds, what it is worth, and which limits that uses."""
