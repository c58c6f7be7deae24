"""Simulated banks and source systems: real HTTP servers with storage of their own.

They share no code with the product, so that a misunderstanding cannot cancel itself out.
What they say is written in docs/simulators.md.
"""
