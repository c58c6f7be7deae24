"""Who is told when documents reach a state, inside the transaction that moved them.

Capabilities subscribe when they are assembled: payments to UNPAID, for instance.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Sequence

from sqlmodel import Session

from engine.treasury.documents.states import State

Listener = Callable[[Session, Sequence[int], dt.datetime], None]
"""Called with the session, the ids of the documents that just moved, and now (UTC)."""

_LISTENERS: defaultdict[State, list[Listener]] = defaultdict(list)


def subscribe(state: State, listener: Listener) -> None:
    """Tell `listener` of every document that reaches `state`. Subscribing again changes nothing."""
    if listener not in _LISTENERS[state]:
        _LISTENERS[state].append(listener)


def unsubscribe(state: State, listener: Listener) -> None:
    """Stop telling `listener`."""
    if listener in _LISTENERS[state]:
        _LISTENERS[state].remove(listener)


def tell(session: Session, state: State, ids: Sequence[int], now: dt.datetime) -> None:
    """Tell everybody who subscribed to `state`."""
    for listener in tuple(_LISTENERS[state]):
        listener(session, ids, now)
