"""Tests of the contract's checks."""
