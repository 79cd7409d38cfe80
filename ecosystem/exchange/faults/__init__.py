"""What can be made to fail at a venue: one file for each fault, and what keeps those at work."""
