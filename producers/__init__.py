"""The simulators and the test coordinator: everything that writes market facts to the log."""
