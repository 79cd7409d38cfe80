"""What can be done to the market and to its feed; one file for each kind."""
