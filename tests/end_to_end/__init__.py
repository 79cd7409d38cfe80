"""Whole runs on a real broker: world, monitor and auditor in their own processes."""
