"""The pure core: events, machines, risk rules, audit logic; no IO, no clock, no chance."""
