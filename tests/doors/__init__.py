"""Tests of the ground of every HTTP door."""
