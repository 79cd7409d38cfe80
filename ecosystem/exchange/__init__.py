"""A venue with price-time priority books, accounts with locked funds, and a house that quotes."""
