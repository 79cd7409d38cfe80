"""Tests of `tse monitor conform`."""
