"""Tests of the monitor's door."""
