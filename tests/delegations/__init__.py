"""Tests of delegation of approval."""
