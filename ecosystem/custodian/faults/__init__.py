"""What can be done to a custodian: one file for each kind of injection, and what is active."""
