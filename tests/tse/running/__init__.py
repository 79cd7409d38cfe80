"""Tests of tse.running."""
