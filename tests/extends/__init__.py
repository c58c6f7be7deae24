"""Rulesets of a branch that extend another."""
