"""The posting machine: events that moved money become balanced vouchers, once."""

from engine.machines.posting.events import (
    Event,
    Posted,
    PostingError,
    post_event,
    post_events,
    reverse_event,
)
from engine.machines.posting.models import PostedEvent

__all__ = [
    "Event",
    "Posted",
    "PostedEvent",
    "PostingError",
    "post_event",
    "post_events",
    "reverse_event",
]
