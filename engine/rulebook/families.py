"""Extensions beside what is stored: against which parent they are checked, and who extends whom."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from engine.rulebook.check_once import check_once
from engine.rulebook.checking import Checked, failed
from engine.rulebook.models import RulesetVersion
from engine.rulebook.texts import (
    Readable,
    Source,
    everything,
    headings,
    live_sources,
)
from engine.rules.extending import heading_of
from engine.rules.extending.heading import may_extend
from engine.rules.params import OrgTree


def newest_sources(session: Session, kind: str, readable: Readable = everything) -> list[Source]:
    """The newest stored text of every `readable` ruleset of `kind` that was not returned, live or
    not."""
    newest = (
        select(RulesetVersion.name, func.max(RulesetVersion.version).label("version"))
        .where(RulesetVersion.kind == kind, col(RulesetVersion.returned_by).is_(None))
        .group_by(col(RulesetVersion.name))
        .subquery()
    )
    rows = session.exec(
        select(RulesetVersion.file, RulesetVersion.text, RulesetVersion.org_id)
        .where(RulesetVersion.kind == kind)
        .join(
            newest,
            (newest.c.name == col(RulesetVersion.name))
            & (newest.c.version == col(RulesetVersion.version)),
        )
        .order_by(col(RulesetVersion.name))
    )
    return [(file, text) for file, text, org in rows if readable(org, kind)]


def check_stored(
    session: Session, file: str, text: str, vocabulary: str, readable: Readable = everything
) -> Checked:
    """All findings of a text that is to be stored.

    An extension must fit the live version of its parent, or the newest one that is stored: it may
    wait for its parent to become live. Activation checks it against what is live then. A parent
    that is not `readable` is as unknown as one that does not exist.
    """
    orgs = org_tree(session)
    heading = heading_of(file, text) if may_extend(text) else None
    if heading is None:
        return check_once(file, text, vocabulary, orgs=orgs)
    sources = live_sources(session, None, readable)
    live = check_once(file, text, vocabulary, among=sources, orgs=orgs)
    if not failed(live.findings):
        return live
    stored = newest_sources(session, heading.kind, readable)
    newest = check_once(file, text, vocabulary, among=stored, orgs=orgs)
    alone = any(one.code == "R601" for one in live.findings)
    return newest if alone or not failed(newest.findings) else live


def extending(names: Iterable[str], among: Iterable[Source]) -> set[Source]:
    """The texts that extend a ruleset called one of `names`, directly or through others."""
    branches = [one for one in headings(s for s in among if may_extend(s[1])) if one.extends]
    found: set[Source] = set()
    wanted = set(names)
    while True:
        more = [
            one for one in branches if one.extends in wanted and (one.file, one.text) not in found
        ]
        if not more:
            return found
        found |= {(one.file, one.text) for one in more}
        wanted |= {one.name for one in more}


_ORGANISATION = sa.table(
    "organisation", sa.column("id", sa.String), sa.column("parent_id", sa.String)
)


def org_tree(session: Session) -> OrgTree | None:
    """The group's tree, organisation -> its parent; None while there is none.

    The rulebook asks only for this shape: which overrides reach which branch.
    """
    rows = session.execute(sa.select(_ORGANISATION.c.id, _ORGANISATION.c.parent_id)).all()
    return {str(org): None if above is None else str(above) for org, above in rows} or None
