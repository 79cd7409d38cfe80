"""The world host: all simulators on one virtual clock, writing to the log in slices."""
