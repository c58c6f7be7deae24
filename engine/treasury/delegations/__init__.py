"""Delegation of approval (授权): one person approves in another's place, for a time and a scope."""
