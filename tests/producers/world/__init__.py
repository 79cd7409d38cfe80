"""Tests of producers/world."""
