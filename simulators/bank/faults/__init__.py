"""Faults on demand: one function per fault in `kinds`, a queue in the store."""
