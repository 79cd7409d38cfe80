"""Stream jobs over the log: the audit correlator."""
