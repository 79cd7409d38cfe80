"""The monitor's door: views of its state, acts upon it, the dashboard, health and metrics."""
