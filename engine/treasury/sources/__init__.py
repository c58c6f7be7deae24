"""Source systems: what they are told, until they acknowledge it."""

from engine.treasury.sources.sender import SourceSender

__all__ = ["SourceSender"]
