"""The vocabulary in people's hands: who may propose a change, sign it, return it.

It belongs to the whole group and all kinds read it: proposing needs rulesets.edit, signing
rulesets.approve, for every kind of the group. Whoever may read rules may read the words; rulesets
he must not see are not named to him.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from engine.rulebook.models import VocabularyProposal, VocabularyVersion
from engine.rulebook.texts import current_vocabulary, vocabulary_of
from engine.rulebook.versions import ROOT
from engine.rulebook.words import proposals
from engine.rulebook.words.effects import Effect, effects, words_used
from engine.rulebook.words.standing import base_words, waiting_words
from engine.rules.model import Word
from engine.rules.registry import all_kinds
from engine.rules.scope import VOCABULARY_CURRENCY
from engine.rules.values import value_text
from engine.rules.words import WordEdit
from engine.treasury.organisations.permissions import RulePermission
from engine.treasury.organisations.rule_grants import require_every_kind, rule_reach
from engine.treasury.rulesets.shelf import live_for
from engine.treasury.rulesets.visible import ruling

EDIT: RulePermission = "rulesets.edit"
APPROVE: RulePermission = "rulesets.approve"
ACTIVATE: RulePermission = "rulesets.activate"


@dataclass(frozen=True, slots=True)
class Supply:
    """A kind that supplies a word when it asks about these subjects."""

    kind: str
    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UsedBy:
    """A live ruleset that asks about a word."""

    name: str
    hash: str
    org_id: str


@dataclass(frozen=True, slots=True)
class KnownWord:
    """A word of the live vocabulary, who supplies it, and which live rulesets ask about it."""

    word: Word
    supplied: tuple[Supply, ...]
    used: tuple[UsedBy, ...]

    @property
    def least(self) -> str | None:
        """The word's least value as the file writes it."""
        value = self.word.minimum
        return None if value is None else value_text(value, self.word.type, VOCABULARY_CURRENCY)


@dataclass(frozen=True, slots=True)
class Words:
    """The live vocabulary. `waiting` is the hash of a signed one that is not live yet."""

    hash: str
    text: str
    known: tuple[KnownWord, ...]
    waiting: str | None


def words_for(session: Session, user_id: str) -> Words:
    """Every word, with the rulesets the user sees. Raises RulebookError NO_VOCABULARY."""
    stored = current_vocabulary(session)
    supplied = suppliers()
    used: dict[str, list[UsedBy]] = {}
    for one in live_for(session, user_id):
        if one.ruleset is not None:
            told = UsedBy(one.version.name, one.version.hash, one.version.org_id)
            for word in words_used(one.ruleset):
                used.setdefault(word, []).append(told)
    waits = waiting_words(session)
    return Words(
        stored.hash,
        stored.text,
        tuple(
            KnownWord(word, supplied.get(name, ()), tuple(used.get(name, ())))
            for name, word in vocabulary_of(stored.text).words.items()
        ),
        None if waits is None else waits.hash,
    )


def matching(known: Sequence[KnownWord], asked: str) -> list[KnownWord]:
    """The words in whose name, labels or values `asked` occurs; all when it is blank."""
    part = asked.strip().casefold()

    def texts(word: Word) -> Iterator[str]:
        yield from (word.name, word.label.en, word.label.zh, word.iso20022 or "")
        for value, label in (word.values or {}).items():
            yield from (value, label.en, label.zh)

    return [one for one in known if not part or any(part in t.casefold() for t in texts(one.word))]


def base_text(session: Session, found: VocabularyProposal) -> str:
    """The text of the vocabulary that a proposal changes."""
    stored = session.get(VocabularyVersion, found.base_hash)
    if stored is None:
        raise AssertionError("a proposal refers to a stored vocabulary")
    return stored.text


def suppliers() -> Mapping[str, tuple[Supply, ...]]:
    """Word -> the kinds that supply it, and about which subjects: facts of the product's code."""
    found: dict[str, list[Supply]] = {}
    for kind in all_kinds().values():
        subjects: dict[str, list[str]] = {}
        for subject, facts in kind.facts.items():
            for word in facts.__dataclass_fields__:
                subjects.setdefault(word, []).append(subject)
        for word, those in subjects.items():
            found.setdefault(word, []).append(Supply(kind.name, tuple(those)))
    return {word: tuple(those) for word, those in found.items()}


def propose(
    session: Session, user_id: str, edits: Sequence[WordEdit], reason: str, now: dt.datetime
) -> VocabularyProposal:
    """Propose a change. Raises NotPermitted, and as `propose_words`."""
    require_every_kind(session, user_id, EDIT, ROOT)
    return proposals.propose_words(session, edits, author=user_id, reason=reason, now=now)


def carry_on(
    session: Session,
    user_id: str,
    number: int,
    now: dt.datetime,
    *,
    keep: Collection[int] | None = None,
    more: Sequence[WordEdit] = (),
    reason: str | None = None,
) -> VocabularyProposal:
    """Continue a proposal on the vocabulary as it is now. Raises NotPermitted, and as
    `continue_words`."""
    require_every_kind(session, user_id, EDIT, ROOT)
    return proposals.continue_words(
        session, number, by=user_id, now=now, keep=keep, more=more, reason=reason
    )


def sign(session: Session, user_id: str, number: int, now: dt.datetime) -> VocabularyProposal:
    """Sign a proposal. Raises NotPermitted, and as `sign_words`."""
    require_every_kind(session, user_id, APPROVE, ROOT)
    return proposals.sign_words(session, number, reviewer=user_id, now=now)


def give_back(
    session: Session, user_id: str, number: int, reason: str, now: dt.datetime
) -> VocabularyProposal:
    """Return a proposal. Who wrote at it may withdraw it; others need rulesets.approve.

    Raises NotPermitted, and as `return_words`.
    """
    found = proposals.proposal_of(session, number)
    wrote = user_id in (found.author, *found.editors)
    require_every_kind(session, user_id, EDIT if wrote else APPROVE, ROOT)
    return proposals.return_words(session, number, by=user_id, reason=reason, now=now)


@dataclass(frozen=True, slots=True)
class May:
    """What a user may do with the vocabulary."""

    edit: bool
    approve: bool
    activate: bool


def may(session: Session, user_id: str) -> May:
    """What the user may do: each needs its permission for every kind of the group."""
    edit, approve, activate = (
        ROOT in rule_reach(session, user_id, one).every for one in (EDIT, APPROVE, ACTIVATE)
    )
    return May(edit, approve, activate)


@dataclass(frozen=True, slots=True)
class Impact:
    """What a proposal does, as one user sees it: rulesets of others are only counted.

    `moved`: another change was signed meanwhile; then nothing is tried, and `clashes` are the
    edits that cannot be made on the vocabulary as it now is.
    """

    seen: tuple[Effect, ...]
    hidden: int
    hidden_broken: int
    moved: bool
    clashes: tuple[proposals.Clash, ...]

    @property
    def broken(self) -> bool:
        """Whether it cannot be signed because of a ruleset."""
        return self.hidden_broken > 0 or any(one.result == "broken" for one in self.seen)


def impact(session: Session, user_id: str, found: VocabularyProposal) -> Impact:
    """What a proposal that waits would do if it were signed now."""
    base = base_words(session)
    mine = ruling(session, user_id)
    moved = base.hash != found.base_hash
    every = [] if moved else effects(session, base.text, found.text)
    others = [one for one in every if not mine.covers(one.version)]
    return Impact(
        tuple(one for one in every if mine.covers(one.version)),
        len(others),
        sum(one.result == "broken" for one in others),
        moved,
        proposals.clashes(session, found) if moved else (),
    )
