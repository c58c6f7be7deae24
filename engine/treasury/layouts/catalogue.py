"""Which layouts are live: those that persons activated, over those that ship with the product.

Every use asks the database what is live, so that an activation is in force for all processes with
its commit; a text is parsed once per process.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import Text
from engine.formats.layouts import Layout, Use, load
from engine.formats.layouts.folder import LAYOUTS, find_layouts
from engine.rules import content_hash
from engine.treasury.layouts.errors import LayoutError
from engine.treasury.layouts.models import LayoutVersion
from engine.treasury.organisations.tree import path_of

AUTHOR = "product"
"""Author of the layouts that ship with it."""


@dataclass(frozen=True, slots=True)
class Live:
    """A layout that is live. `layout` as its organisation has it, without a branch's overrides."""

    hash: str
    file: str
    text: str
    layout: Layout
    shipped: bool


@lru_cache(maxsize=256)
def parsed(text: str, file: str) -> Layout:
    """The layout of a text. LayoutRefused when it has errors."""
    return load(text, file)


@cache
def shipped(folder: Path = LAYOUTS) -> tuple[Live, ...]:
    """The layouts that come with the product. LayoutRefused for one with errors."""
    found = []
    for path in find_layouts([folder]):
        text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
        file = f"{folder.name}/{path.name}"
        found.append(Live(content_hash(text), file, text, parsed(text, file), shipped=True))
    return tuple(found)


_STANDING = sa.text("""
SELECT a.org_id, a.name, v.hash, v.file, v.text, v.shipped FROM (
  SELECT DISTINCT ON (org_id, name) org_id, name, hash FROM bank_layout_activation
  ORDER BY org_id, name, id DESC) a
LEFT JOIN bank_layout_version v ON v.hash = a.hash
""")


def live(session: Session) -> list[Live]:
    """Every layout that is live, by bank, use, organisation and name."""
    rows = session.connection().execute(_STANDING).all()
    spoken = {(row.org_id, row.name) for row in rows}
    found = [one for one in shipped() if (one.layout.scope_org, one.layout.name) not in spoken]
    found += [
        Live(row.hash, row.file, row.text, parsed(row.text, row.file), bool(row.shipped))
        for row in rows
        if row.hash is not None
    ]
    return sorted(found, key=_order)


def _order(one: Live) -> tuple[str, str, str, str]:
    layout = one.layout
    return layout.bank, layout.use.value, layout.scope_org, layout.name


def for_use(
    session: Session, use: Use, org_id: str, on: dt.date, bank: str | None = None
) -> list[Live]:
    """Live layouts of this use for an organisation, with the overrides of its branch.

    Of each bank those of the nearest organisation that has one; several of one bank there are
    all given, by name.
    """
    path = path_of(session, org_id)
    known = [
        one
        for one in live(session)
        if one.layout.use is use
        and one.layout.scope_org in path
        and one.layout.effective_from <= on
        and bank in (None, one.layout.bank)
    ]
    depth = {one.layout.bank: 0 for one in known}
    for one in known:
        depth[one.layout.bank] = max(depth[one.layout.bank], path.index(one.layout.scope_org))
    return [
        _for_branch(one, path)
        for one in known
        if path.index(one.layout.scope_org) == depth[one.layout.bank]
    ]


def _for_branch(one: Live, path: Sequence[str]) -> Live:
    return Live(one.hash, one.file, one.text, one.layout.for_org(tuple(path)), one.shipped)


def the_one(
    session: Session, use: Use, bank: str, org_id: str, on: dt.date, name: str | None = None
) -> Live:
    """The layout a bank's file of an organisation is written or read by.

    LayoutError LAYOUT_MISSING, LAYOUT_SEVERAL (then `name` has to say which).
    """
    found = [
        one
        for one in for_use(session, use, org_id, on, bank)
        if name is None or one.layout.name == name
    ]
    if not found:
        raise LayoutError(
            "LAYOUT_MISSING",
            Text(
                f"bank {bank} has no live layout for {use.value} of {org_id}; activate one or "
                "route the document otherwise",
                f"银行 {bank} 没有机构 {org_id} 适用的 {use.value} 布局;请激活,或调整路由规则",
            ),
        )
    if len(found) > 1:
        names = ", ".join(one.layout.name for one in found)
        raise LayoutError(
            "LAYOUT_SEVERAL",
            Text(
                f"bank {bank} has several layouts for {use.value} of {org_id}: {names}; retire "
                "all but one",
                f"银行 {bank} 有多个适用于机构 {org_id} 的 {use.value} 布局:{names};请仅保留一个",
            ),
        )
    return found[0]


def keep(session: Session, one: Live, now: dt.datetime) -> str:
    """The hash of a layout that is used now, stored so that its text is there for ever."""
    if one.shipped:
        layout = one.layout
        session.execute(
            sa.text("""
                INSERT INTO bank_layout_version (hash, org_id, bank_id, name, use, version,
                  effective_from, file, text, author, reason, created_at, shipped)
                VALUES (:hash, :org, :bank, :name, :use, :version, :since, :file, :text, :author,
                  'shipped', :now, true)
                ON CONFLICT DO NOTHING"""),
            {
                "hash": one.hash,
                "org": layout.scope_org,
                "bank": layout.bank,
                "name": layout.name,
                "use": layout.use.value,
                "version": layout.version,
                "since": layout.effective_from,
                "file": one.file,
                "text": one.text,
                "author": AUTHOR,
                "now": now,
            },
        )
    return one.hash


def by_hash(session: Session, hash: str, org_id: str) -> Layout:
    """The layout something was read or written by, as the organisation had it.

    LayoutError LAYOUT_UNKNOWN.
    """
    version = session.get(LayoutVersion, hash)
    if version is None:
        raise LayoutError("LAYOUT_UNKNOWN", Text(f"there is no layout {hash}", f"没有布局 {hash}"))
    return parsed(version.text, version.file).for_org(path_of(session, org_id))
