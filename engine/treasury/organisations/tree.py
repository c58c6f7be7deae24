"""The tree of organisations: head office, branches, sub-branches."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session, select

from engine.treasury.organisations.errors import unknown_organisation
from engine.treasury.organisations.models import Organisation


def organisation(session: Session, org_id: str) -> Organisation:
    """The organisation; OrganisationError ORGANISATION_UNKNOWN when there is none."""
    found = session.get(Organisation, org_id)
    if found is None:
        raise unknown_organisation(org_id)
    return found


def organisations(session: Session) -> dict[str, Organisation]:
    """All organisations by code, parents before children."""
    rows = session.exec(select(Organisation).order_by(sa.text("path")))
    return {one.id: one for one in rows}


def path_of(session: Session, org_id: str) -> tuple[str, ...]:
    """Codes from the root to the organisation: ("GROUP", "SH", "SH01")."""
    return tuple(organisation(session, org_id).path.split("/"))


def descendants(session: Session, org_id: str) -> list[str]:
    """The organisation and everything below it, parents before children."""
    path = organisation(session, org_id).path
    rows = session.execute(
        sa.text(
            "SELECT id FROM organisation WHERE path = :path OR starts_with(path, :below) "
            "ORDER BY path"
        ),
        {"path": path, "below": f"{path}/"},
    )
    return list(rows.scalars())


def add_organisation(
    session: Session,
    org_id: str,
    *,
    parent_id: str | None,
    level: str,
    name_en: str,
    name_zh: str,
    legal_entity_id: str,
) -> Organisation:
    """Add a node below `parent_id` (None: the root). The database checks the path and the level."""
    above = () if parent_id is None else path_of(session, parent_id)
    made = Organisation(
        id=org_id,
        parent_id=parent_id,
        level=level,
        name_en=name_en,
        name_zh=name_zh,
        legal_entity_id=legal_entity_id,
        path="/".join((*above, org_id)),
    )
    session.add(made)
    session.flush()
    return made
