"""How stored versions stand: proposed, signed, returned, live and since when, or live before."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.rulebook.models import RevisionItem, RulesetVersion
from engine.rulebook.versions import state_of

_RUNS = sa.text(
    """
    SELECT hash, (
      SELECT min(r.id) FROM revision r WHERE r.id > coalesce((
        SELECT b.id FROM revision b WHERE b.id < :live AND NOT EXISTS (
          SELECT 1 FROM revision_item i WHERE i.revision_id = b.id AND i.ruleset_hash = hash)
        ORDER BY b.id DESC LIMIT 1), 0))
    FROM unnest(CAST(:hashes AS text[])) AS hash
    """
)


def runs_since(session: Session, live: int, hashes: Collection[str]) -> dict[str, int]:
    """Hash -> the first revision of the unbroken run in which it rules up to revision `live`.

    After an undo and a return that is the return, not the revision that once brought it. Each
    of `hashes` is in revision `live`.
    """
    found = session.execute(_RUNS, {"live": live, "hashes": list(hashes)})
    return {str(hash): int(first) for hash, first in found}


def standings(
    session: Session, live: int | None, versions: Iterable[RulesetVersion]
) -> dict[str, str]:
    """Hash -> how the version stands while revision `live` rules: live, past (was live before),
    or as `state_of`."""
    those = list(versions)
    ruled: dict[str, int] = {}
    for hash, last in session.exec(
        select(RevisionItem.ruleset_hash, sa.func.max(col(RevisionItem.revision_id)))
        .where(col(RevisionItem.ruleset_hash).in_([one.hash for one in those]))
        .group_by(col(RevisionItem.ruleset_hash))
    ):
        ruled[hash] = last
    return {one.hash: _standing(one, ruled.get(one.hash), live) for one in those}


def _standing(version: RulesetVersion, last: int | None, live: int | None) -> str:
    if last is not None:
        return "live" if last == live else "past"
    return state_of(version)
