"""Changes of the vocabulary by two persons: one proposes, another signs or returns.

A proposal keeps its edits beside its text. When another change is signed first, the same edits
are made again on the vocabulary as it then is (`continue_words`): nothing is lost.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter
from sqlmodel import Session, col, select

from engine.base.text import Text
from engine.rulebook.errors import RulesetRefused, no_reason, same_person
from engine.rulebook.lock import lock_rulebook
from engine.rulebook.models import VocabularyProposal, VocabularyVersion
from engine.rulebook.revisions import current_revision
from engine.rulebook.texts import vocabulary_of
from engine.rulebook.versions import ROOT, publish_vocabulary
from engine.rulebook.words.effects import Effect, broken, effects
from engine.rulebook.words.errors import (
    WordsInUse,
    closed_proposal,
    moved_base,
    same_words,
    unknown_proposal,
)
from engine.rulebook.words.standing import base_words
from engine.rules import content_hash
from engine.rules.edit import EditRefused
from engine.rules.words import (
    RemoveListed,
    RemoveWord,
    SetType,
    WordEdit,
    edit_words,
    word_diff,
)
from engine.runtime import audit

FILE = "vocabulary.yaml"
_EDITS: TypeAdapter[tuple[WordEdit, ...]] = TypeAdapter(tuple[WordEdit, ...])


@dataclass(frozen=True, slots=True)
class Tried:
    """What edits would make of the vocabulary; nothing is stored."""

    base: VocabularyVersion
    text: str
    effects: tuple[Effect, ...]


def try_words(session: Session, edits: Sequence[WordEdit]) -> Tried:
    """Make the edits on the vocabulary the next change builds on.

    Raises EditRefused, RulesetRefused with the findings of the new vocabulary, and RulebookError
    NOTHING_CHANGED, NO_VOCABULARY.
    """
    base = base_words(session)
    text = edit_words(base.text, edits)
    old, new = vocabulary_of(base.text), vocabulary_of(text)
    if word_diff(old, new).empty:
        raise same_words()
    return Tried(base, text, tuple(effects(session, base.text, text)))


def propose_words(
    session: Session,
    edits: Sequence[WordEdit],
    *,
    author: str,
    reason: str,
    now: dt.datetime,
    continues: VocabularyProposal | None = None,
) -> VocabularyProposal:
    """Store a changed vocabulary that waits for a second person.

    Raises as `try_words`, and RulebookError NO_REASON, WORDS_IN_USE when it takes away what a live
    or waiting ruleset uses.
    """
    if not reason.strip():
        raise no_reason()
    lock_rulebook(session)
    tried = try_words(session, edits)
    taken = [one for one in edits if isinstance(one, RemoveWord | RemoveListed | SetType)]
    if taken and (names := broken(tried.effects)):
        raise WordsInUse(names)
    made = VocabularyProposal(
        org_id=ROOT,
        base_hash=tried.base.hash,
        edits=_EDITS.dump_python(tuple(edits), mode="json"),
        text=tried.text,
        text_hash=content_hash(tried.text),
        author=author,
        editors=[] if continues is None else _writers(continues, author),
        continues=None if continues is None else continues.id,
        reason=reason.strip(),
        created_at=now,
    )
    session.add(made)
    session.flush()
    _note(session, made, author, "vocabulary.proposed", reason, now)
    return made


def continue_words(
    session: Session,
    number: int,
    *,
    by: str,
    now: dt.datetime,
    keep: Collection[int] | None = None,
    more: Sequence[WordEdit] = (),
    reason: str | None = None,
) -> VocabularyProposal:
    """Make a proposal's edits again on the vocabulary as it is now, as a new proposal.

    `keep` are the places of the edits that are kept (None: all), `more` comes after them. The old
    one, if it waits, is returned with a word about the new one. When an edit cannot be made any
    more nothing changes: EditRefused, whose `index` is its place. Raises as `propose_words`, and
    RulebookError PROPOSAL_UNKNOWN, REVIEWED.
    """
    lock_rulebook(session)
    old = proposal_of(session, number)
    if old.reviewer is not None:
        raise closed_proposal(old)
    edits = [one for at, one in enumerate(edits_of(old)) if keep is None or at in keep]
    made = propose_words(
        session,
        (*edits, *more),
        author=by,
        reason=old.reason if reason is None else reason,
        now=now,
        continues=old,
    )
    if old.returned_by is None:
        _return(session, old, by, f"continued as proposal {made.id} 继续为提案 {made.id}", now)
    return made


def sign_words(
    session: Session, number: int, *, reviewer: str, now: dt.datetime
) -> VocabularyProposal:
    """Sign a proposal: its text is stored as a vocabulary that waits to become live.

    Raises RulebookError PROPOSAL_UNKNOWN, REVIEWED, RETURNED, FOUR_EYES for everybody who wrote at
    it, WORDS_MOVED when another change was signed meanwhile, and WORDS_IN_USE when a ruleset, live
    or waiting, would break.
    """
    lock_rulebook(session)
    found = _waiting(session, number)
    if reviewer in (found.author, *found.editors):
        raise same_person(reviewer)
    base = base_words(session)
    if base.hash != found.base_hash:
        raise moved_base(found)
    names = broken(effects(session, base.text, found.text))
    if names:
        raise WordsInUse(names)
    over = current_revision(session) or 0
    found.reviewer, found.reviewed_at, found.signed_over = reviewer, now, over
    session.add(found)
    session.flush()
    publish_vocabulary(
        session,
        found.text,
        author=found.author,
        reviewer=reviewer,
        reason=found.reason,
        now=now,
    )
    _note(session, found, reviewer, "vocabulary.signed", found.reason, now)
    return found


def return_words(
    session: Session, number: int, *, by: str, reason: str, now: dt.datetime
) -> VocabularyProposal:
    """Return a proposal; it is never signed after that, and can be continued as a new one.

    Raises RulebookError PROPOSAL_UNKNOWN, REVIEWED, RETURNED, NO_REASON.
    """
    if not reason.strip():
        raise no_reason()
    found = _waiting(session, number)
    _return(session, found, by, reason.strip(), now)
    return found


def proposal_of(session: Session, number: int) -> VocabularyProposal:
    """The proposal. Raises RulebookError PROPOSAL_UNKNOWN."""
    found = session.get(VocabularyProposal, number, populate_existing=True)
    if found is None:
        raise unknown_proposal(number)
    return found


def proposals(session: Session, *, limit: int = 100) -> list[VocabularyProposal]:
    """The latest proposals, newest first."""
    query = select(VocabularyProposal).order_by(col(VocabularyProposal.id).desc()).limit(limit)
    return list(session.exec(query))


def edits_of(found: VocabularyProposal) -> tuple[WordEdit, ...]:
    """What its author changed."""
    return _EDITS.validate_python(found.edits)


def state_of_words(found: VocabularyProposal) -> str:
    """proposed, returned or signed."""
    if found.reviewer is not None:
        return "signed"
    return "proposed" if found.returned_by is None else "returned"


@dataclass(frozen=True, slots=True)
class Clash:
    """An edit of a proposal that cannot be made on the vocabulary as it is now."""

    index: int
    why: Text


def clashes(session: Session, found: VocabularyProposal) -> tuple[Clash, ...]:
    """Which edits cannot be made again, each tried without those that cannot."""
    base = base_words(session).text
    made: list[WordEdit] = []
    failed: list[Clash] = []
    for index, edit in enumerate(edits_of(found)):
        try:
            vocabulary_of(edit_words(base, (*made, edit)))
        except (EditRefused, RulesetRefused) as refused:
            failed.append(Clash(index, refused.text))
        else:
            made.append(edit)
    return tuple(failed)


def _writers(continues: VocabularyProposal, author: str) -> list[str]:
    return sorted({continues.author, *continues.editors} - {author})


def _waiting(session: Session, number: int) -> VocabularyProposal:
    found = session.get(VocabularyProposal, number, with_for_update=True, populate_existing=True)
    if found is None:
        raise unknown_proposal(number)
    if found.reviewer is not None or found.returned_by is not None:
        raise closed_proposal(found)
    return found


def _return(
    session: Session, found: VocabularyProposal, by: str, reason: str, now: dt.datetime
) -> None:
    found.returned_by, found.returned_at, found.return_reason = by, now, reason
    session.add(found)
    session.flush()
    _note(session, found, by, "vocabulary.returned", reason, now)


def _note(
    session: Session,
    found: VocabularyProposal,
    actor: str,
    action: str,
    reason: str,
    now: dt.datetime,
) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        subject_kind="vocabulary_proposal",
        subject_id=str(found.id),
        org_id=found.org_id,
        before={"vocabulary": found.base_hash},
        after={"vocabulary": found.text_hash},
        reason=reason,
        now=now,
    )
