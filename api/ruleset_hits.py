"""Hits per row as one caller may see them: of a stored version, or of a text of his own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from api.access import unmasked_orgs
from api.masking import refuse_hidden
from api.services import Services, histories_of
from engine.rulebook.history import (
    PeriodHits,
    in_place,
    live_world,
    row_hits,
    valid_draft,
)
from engine.rulebook.history.hits import USUAL
from engine.rulebook.history.previews import Draft
from engine.rulebook.models import RulesetVersion
from engine.rulebook.references import read
from engine.rules.model import Ruleset
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.rulesets.visible import READ


@dataclass(frozen=True, slots=True)
class Hits:
    """The hits of a ruleset's rows in each of the periods asked for, shortest first."""

    ruleset: Ruleset
    periods: tuple[PeriodHits, ...]
    orgs: frozenset[str]
    """Whose documents they speak of."""


def hits_of_version(
    session: Session,
    services: Services,
    user_id: str,
    version: RulesetVersion,
    days: Sequence[int] = USUAL,
) -> Hits:
    """The hits of a version the caller may see. Raises as `row_hits`, RulebookError
    RULESET_UNREADABLE, and HiddenWords for what nobody has signed yet."""
    ruleset = read(session, version)
    pinned = services.rulebook.at(session)
    live = live_world(pinned, ruleset.kind, ruleset.subject, services.clock.business_date())
    draft = in_place(session, ruleset, live)
    return _hits(session, services, user_id, draft, days, signed=version.reviewer is not None)


def hits_of_text(
    session: Session,
    services: Services,
    user_id: str,
    file: str,
    text: str,
    days: Sequence[int] = USUAL,
) -> Hits:
    """The hits of a text that is not stored. Raises as `row_hits` and `valid_draft`, and
    HiddenWords."""
    today = services.clock.business_date()
    draft = valid_draft(session, services.rulebook.at(session), file, text, on=today)
    return _hits(session, services, user_id, draft, days, signed=False)


def _hits(
    session: Session,
    services: Services,
    user_id: str,
    draft: Draft,
    days: Sequence[int],
    *,
    signed: bool,
) -> Hits:
    seen = visible_orgs(session, user_id, READ)
    if not signed:
        reads = visible_orgs(session, user_id, "documents.read")
        if not seen <= reads & unmasked_orgs(session, user_id):
            refuse_hidden(draft.ruleset)
    periods = row_hits(
        draft,
        histories_of(services),
        services.clock.business_date(),
        days=sorted(set(days)),
        visible=seen,
    )
    return Hits(draft.ruleset, periods, seen)
