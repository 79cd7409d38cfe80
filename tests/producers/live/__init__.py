"""Tests of producers/live."""
