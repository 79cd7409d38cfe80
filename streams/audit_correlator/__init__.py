"""The audit correlator: a tap, a stream job around `ecosystem.audit`, and its reports."""
