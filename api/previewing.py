"""What a text would have decided otherwise over kept history, as one user may be told it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlmodel import Session

from api.access import unmasked_orgs
from api.document_names import named
from api.masking import hide_accounts, refuse_new_questions, refuse_written_out
from api.services import Services, histories_of
from engine.rulebook.history import Draft, preview_draft, since, valid_draft
from engine.rulebook.library import shelved
from engine.rulebook.models import RulesetDraft, RulesetVersion
from engine.rules.model import Ruleset
from engine.rules.preview import LARGEST, Preview
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.organisations.rule_grants import rule_reach
from engine.treasury.rulesets.shelf import signed_for
from engine.treasury.rulesets.visible import READ, require_readable, ruling


@dataclass(frozen=True, slots=True)
class Source:
    """A text to preview; `signed`: by a second person, as it stands."""

    file: str
    text: str
    signed: bool


def source_of(session: Session, user_id: str, found: RulesetDraft | RulesetVersion) -> Source:
    """What is stored and the user may see. Raises NotPermitted for a draft whose text names rules
    he may not read."""
    if isinstance(found, RulesetVersion):
        return Source(found.file, found.text, signed=found.reviewer is not None)
    return source_of_text(session, user_id, found.text, found.file)


def source_of_text(session: Session, user_id: str, text: str, file: str = "draft.yaml") -> Source:
    """A text nobody has signed. Raises NotPermitted where it names rules he may not read."""
    require_readable(session, user_id, text)
    return Source(file, text, signed=False)


@dataclass(frozen=True, slots=True)
class Previewed:
    """A preview, and of what it speaks."""

    preview: Preview
    organisations: frozenset[str]
    """Whose documents were counted, as far as the history has any."""
    since: dt.date
    """The first business date of the history."""
    documents_told: bool
    """Whether the user may see single documents; otherwise none is named."""
    stored: frozenset[str]
    """Those of the named documents that are stored here; a demo also counts made-up ones."""


def previewed(
    session: Session,
    services: Services,
    user_id: str,
    source: Source,
    *,
    against: RulesetVersion | None = None,
    branch: str | None = None,
    history: str = "live:90d",
    largest: int = LARGEST,
) -> Previewed:
    """Preview a text against what is live, or against a stored version.

    Only documents of organisations whose rules of this kind the user may read are counted; single
    documents are named where he may read all of them. Raises HistoryError NO_HISTORY, HiddenWords,
    and as `valid_draft` and `preview_draft`.
    """
    histories = histories_of(services)
    today = services.clock.business_date()
    pinned = services.rulebook.at(session)
    first = since(history, today)
    draft = valid_draft(
        session,
        pinned,
        source.file,
        source.text,
        on=today,
        against=None if against is None else against.hash,
        readable=ruling(session, user_id).has,
    )
    seen = rule_reach(session, user_id, READ).of(draft.ruleset.kind)
    reads = visible_orgs(session, user_id, "documents.read")
    masked = not seen <= reads & unmasked_orgs(session, user_id)
    if masked:
        _refuse_oracle(session, user_id, draft, source, against)
    loaded = histories.since(draft.ruleset.kind, draft.ruleset.subject, first)
    found = preview_draft(draft, loaded, visible=seen, below=branch, largest=largest)
    told = seen <= reads
    shown = named(session, found) if told else found.without_documents()
    return Previewed(
        shown.with_facts(hide_accounts) if masked else shown,
        seen,
        first,
        told,
        frozenset(shown.named() - found.named()),
    )


def _refuse_oracle(
    session: Session, user: str, draft: Draft, source: Source, other: RulesetVersion | None
) -> None:
    """Refuse counts by which somebody who sees account numbers masked would learn their digits:
    of any text nobody has signed, on either side of the comparison. Raises HiddenWords."""
    mine = draft.ruleset
    signed = signed_for(session, user, mine.kind, mine.subject)
    beside = None if other is None else shelved(session, other.hash).ruleset
    unsigned: list[Ruleset] = []
    if beside is not None and other is not None:
        (unsigned if other.reviewer is None else signed).append(beside)
    if not source.signed:
        live = draft.live.rulesets
        unsigned += [one for org, one in draft.new.rulesets.items() if one is not live.get(org)]
    for one in unsigned:
        refuse_new_questions(one, signed)
    readable = ruling(session, user)
    for one in (*draft.live.rulesets.values(), mine):
        if readable.has(one.scope_org, one.kind):  # others decide nothing that is counted
            refuse_written_out(one)
