"""The filter of a list of documents, as it stands in an address or a query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlmodel import Session

from api.filters import amount_of, date_of, text_of
from engine.treasury.documents.history import batch_by_number
from engine.treasury.documents.lists import Filter
from engine.treasury.documents.states import State
from engine.treasury.organisations.tree import descendants, organisations

DIRECTIONS = ("pay", "collect")


def document_filter(session: Session, query: Mapping[str, str], states: Sequence[str]) -> Filter:
    """The filter that `query` (org, direction, channel, min, max, q, from, to, batch) asks for.

    An organisation means everything below it too; an unknown one, or an unknown batch, finds
    nothing. Raises FilterError and MoneyError for what cannot be read.
    """
    org = text_of(query.get("org"))
    org_ids: tuple[str, ...] = ()
    if org is not None:
        known = org in organisations(session)
        org_ids = tuple(descendants(session, org)) if known else (org,)
    batch_no = text_of(query.get("batch"))
    batch_id = None
    if batch_no is not None:
        batch = batch_by_number(session, batch_no)
        batch_id = batch.id if batch is not None else 0
    return Filter(
        states=tuple(one for one in states if one in State.__members__),
        org_ids=org_ids,
        direction=text_of(query.get("direction")),
        channel=text_of(query.get("channel")),
        waiting_code=text_of(query.get("waiting")),
        document_batch_id=batch_id,
        amount_from=amount_of(query.get("min")),
        amount_to=amount_of(query.get("max")),
        from_date=date_of(query.get("from")),
        to_date=date_of(query.get("to")),
        text=text_of(query.get("q")),
    )
