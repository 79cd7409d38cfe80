"""Accounts and the perpetual at a venue: sub-accounts, positions, margin, liquidation, funding."""
