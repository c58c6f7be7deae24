"""Sentences, differences, explanations and replay."""
