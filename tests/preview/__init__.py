"""Previews: a draft against the live rules, over files and over decision history."""
