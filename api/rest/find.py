"""GET /find: rulesets, rows, drafts, words, documents and pages by what somebody types."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel
from sqlmodel import Session

from api.identity import Caller, needs
from api.pages.language import LANGUAGES, language_of, translate, word
from api.pages.shell import MENU
from api.services import services_of
from engine.base.money import format_major
from engine.base.text import Lang
from engine.rules import find_kind
from engine.rules.model import Ruleset
from engine.runtime.db import transaction
from engine.treasury.documents import lists
from engine.treasury.documents.history import documents_by_id
from engine.treasury.rulesets.searching import Found, folded, search
from engine.treasury.trace import TraceError
from engine.treasury.trace import find as find_documents

router = APIRouter(prefix="/api/v1", tags=["rulesets"])

MOST = 8
"""Results of one group; how many more there are is said."""
NUMBER_LENGTH = 4
"""A beginning of a document number has at least so many characters."""


class Result(BaseModel):
    """One thing that was found, and where it is."""

    title: str
    detail: str
    href: str


class Group(BaseModel):
    """Results of one sort: rulesets, rows, drafts, documents, words or pages."""

    sort: str
    title: str
    results: list[Result]
    hidden: int


class FindOut(BaseModel):
    """What the text leads to; groups without results are left out."""

    q: str
    groups: list[Group]


@router.get("/find", summary="Rulesets, rows, drafts, words, documents and pages by a text")
def find(
    request: Request,
    caller: Annotated[Caller, Depends(needs("rulesets.read"))],
    q: Annotated[str, Query(max_length=200)] = "",
    lang: Lang | None = None,
) -> FindOut:
    """Only what the caller may see. Every word of `q` must occur; without `q` the pages."""
    services = services_of(request)
    said = lang or language_of(request)
    with transaction(services.engine) as session:
        words = services.rulebook.at(session).vocabulary.words.values()
        found = search(session, caller.user_id, words, q, said, MOST)
        groups = [
            *_rules(found, said),
            _documents(session, caller, q, said),
            _words(found, said),
            _pages(caller, q, said),
        ]
    return FindOut(q=q, groups=[one for one in groups if one.results])


def _group(sort: str, lang: Lang, results: list[Result], hidden: int) -> Group:
    return Group(sort=sort, title=word(lang, f"find.{sort}"), results=results, hidden=hidden)


def _rules(found: Found, lang: Lang) -> list[Group]:
    rulesets = [
        Result(
            title=one.title.say(lang),
            detail=f"{one.name} v{one.version} · {_kind(one.kind, lang)} · {one.scope_org}",
            href=f"/rulesets/{one.hash}",
        )
        for one in found.rulesets.items
    ]
    rows = [
        Result(
            title=one.sentence.say(lang),
            detail=_of(one.ruleset, lang),
            href=_row(one.ruleset, one.id),
        )
        for one in found.rows.items
    ]
    work = [
        Result(
            title=f"{one.name} v{one.version}",
            detail=f"{word(lang, 'standing.proposed')} · {one.org_id} · {one.author}",
            href=f"/rulesets/{one.hash}",
        )
        for one in found.waiting.items
    ]
    work += [
        Result(
            title=f"{one.name or '—'} #{one.id}",
            detail=f"{word(lang, 'find.draft')} · {one.org_id} · {one.last_editor}",
            href=f"/drafts/{one.id}",
        )
        for one in found.drafts.items
    ]
    return [
        _group("rulesets", lang, rulesets, found.rulesets.hidden),
        _group("rows", lang, rows, found.rows.hidden),
        _group("work", lang, work, found.waiting.hidden + found.drafts.hidden),
    ]


def _row(ruleset: Ruleset, row: str) -> str:
    return f"/rulesets/{ruleset.hash}#row-{row}"


def _of(ruleset: Ruleset, lang: Lang) -> str:
    return f"{ruleset.title.say(lang)} · {ruleset.name} v{ruleset.version} · {ruleset.scope_org}"


def _kind(kind: str, lang: Lang) -> str:
    found = find_kind(kind)
    return kind if found is None else found.title.say(lang)


def _words(found: Found, lang: Lang) -> Group:
    results = [
        Result(
            title=one.label.say(lang),
            detail=f"{one.name} · {one.type.value}",
            href=f"/rulesets?word={one.name}",
        )
        for one in found.words.items
    ]
    return _group("words", lang, results, found.words.hidden)


def _documents(session: Session, caller: Caller, q: str, lang: Lang) -> Group:
    """The document a number of any kind leads to, by its trace; else those that begin so."""
    text = q.strip()
    if "documents.read" not in caller.permissions or len(text) < NUMBER_LENGTH:
        return _group("documents", lang, [], 0)
    try:
        ids = find_documents(session, text, caller.user_id)
        rows = tuple(documents_by_id(session, ids[:MOST]).values())
        count = len(ids)
    except TraceError:
        rows, count = lists.numbered(session, caller.user_id, text, limit=MOST)
    results = [
        Result(
            title=one.document_no,
            detail=f"{one.currency} {format_major(one.amount, one.currency, grouped=True)} · "
            f"{word(lang, f'state.{one.state}')} · {one.org_id}",
            href=f"/trace?q={one.document_no}",
        )
        for one in rows
    ]
    return _group("documents", lang, results, count - len(results))


def _pages(caller: Caller, q: str, lang: Lang) -> Group:
    terms = folded(q).split()
    results = [
        Result(title=translate(lang, key), detail=href, href=href)
        for key, href, permission in MENU
        if permission in caller.permissions
        and all(
            term in folded(" ".join((*(translate(one, key) for one in LANGUAGES), href)))
            for term in terms
        )
    ]
    return _group("pages", lang, results, 0)
