"""Decisions explained as far as the reader may read the rulesets that made them.

Whoever may read a document sees by which ruleset and version it was decided, and the outcome. Rows,
sentences, parameters and near misses are the ruleset's: they are told to whoever may read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlmodel import Session

from engine.rulebook.explain import Explained, explain
from engine.rulebook.models import DecisionRow
from engine.rulebook.replay import Difference
from engine.rulebook.why import WITHHELD, Why, why
from engine.rules.model import Ruleset
from engine.rules.reasons import Hide
from engine.treasury.organisations.rule_grants import not_permitted
from engine.treasury.rulesets.shelf import hidden_hashes
from engine.treasury.rulesets.visible import READ, ruling


def explained_for(
    session: Session, user_id: str, decision_ids: Iterable[int], hide: Hide
) -> list[Explained]:
    """The decisions in the order they were made. Whether the user may see their matter is the
    caller's question; `hide` masks texts of facts."""
    readable = ruling(session, user_id).has
    return explain(session, decision_ids, hide=hide, readable=readable)


def why_for(
    session: Session,
    user_id: str,
    row: DecisionRow,
    hide: Hide,
    *,
    under: Ruleset | None = None,
) -> Why:
    """One decision about a matter the user may see, and what `under` would make of it.

    Raises as `whys_for`.
    """
    (found,) = whys_for(session, user_id, [row.id], hide, under=under)
    return found


def whys_for(
    session: Session,
    user_id: str,
    decision_ids: Sequence[int],
    hide: Hide,
    *,
    under: Ruleset | None = None,
) -> list[Why]:
    """Decisions about matters the user may see, and what `under` would make of them.

    Raises NotPermitted for `under` beside a ruleset the user may not read, and as `why`.
    """
    seen = ruling(session, user_id)
    found = why(session, list(decision_ids), under=under, hide=hide, readable=seen.has)
    for one in found if under is not None else ():
        if not one.stored.told:
            raise not_permitted(user_id, READ, one.ruleset.scope_org, one.stored.kind)
    return found


def differences_for(
    session: Session, user_id: str, found: Iterable[Difference]
) -> list[Difference]:
    """What differs in a replay, without the rows of rulesets the user may not read."""
    hidden = hidden_hashes(session, ruling(session, user_id))
    return [
        one
        if hidden.isdisjoint({one.hash, one.hash_now or ""})
        else replace(
            one,
            rows=(),
            rows_now=(),
            error=None if one.error is None else WITHHELD.policy,
            told=False,
        )
        for one in found
    ]


def readable_rows(session: Session, user_id: str, hashes: Iterable[str]) -> frozenset[str]:
    """Those of some stored versions (hashes) whose rows the user may be told."""
    return frozenset(hashes) - hidden_hashes(session, ruling(session, user_id))
