"""Reports for people and programs: one page of HTML that needs nothing else, and JSON."""
