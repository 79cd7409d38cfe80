"""The honest strategies of the firm."""
