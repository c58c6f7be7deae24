"""What a preview found, and its JSON form. Amounts are minor units of `currency`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.base.text import Lang, Text
from engine.rules.preview.outcomes import Counted
from engine.rules.reasons import Hide
from engine.rules.values import amount_text


@dataclass(frozen=True, slots=True)
class Version:
    """A ruleset that was compared."""

    name: str
    version: int
    hash: str
    scope_org: str


@dataclass(frozen=True, slots=True)
class OutcomeChange:
    """An outcome: documents before and after, and how much money comes to it or goes."""

    outcome: Counted
    live: int
    draft: int
    delta: int


@dataclass(frozen=True, slots=True)
class BranchChange:
    """The documents of one organisation; None: documents that name none."""

    branch: str | None
    documents: int
    changed: int
    changed_amount: int
    refused: int


@dataclass(frozen=True, slots=True)
class ParamsChange:
    """Branches that share the parameters in force, as written for people."""

    ruleset: str
    params: Mapping[str, str]
    branches: tuple[str, ...]
    documents: int
    changed: int


@dataclass(frozen=True, slots=True)
class RowHits:
    """How often a row decided; None where the row is not in that table."""

    row: str
    live: int | None
    draft: int | None
    satisfied: int | None
    """Documents that satisfy its every cell in the draft, before the hit policy."""
    touched: bool
    """Whether the row itself differs, or decides other documents than before."""
    witness: str | None
    """The largest document it decides in the draft, one that is new to it where there is one."""


@dataclass(frozen=True, slots=True)
class DocumentChange:
    """A document that would go another way."""

    document: str
    branch: str | None
    amount: int
    shows: Mapping[str, str]
    """Facts that tell it apart, as text."""
    live_rows: tuple[str, ...]
    draft_rows: tuple[str, ...]
    live: Counted
    draft: Counted


@dataclass(frozen=True, slots=True)
class Refusals:
    """Documents the draft cannot decide for one reason; `before`: those that were so already."""

    code: str
    message: Text
    documents: int
    before: int
    amount: int
    document: str | None
    """One of them, the largest; None where single documents are not shown."""


@dataclass(frozen=True, slots=True)
class Preview:
    """Two worlds over one history."""

    draft: Version
    live: Version | None
    """The version the draft would replace; None when nothing decides for its organisation yet."""
    documents: int
    elsewhere: int
    """Documents of the history that another ruleset decides, before and after: not counted."""
    changed: int
    changed_amount: int
    rows_changed: int
    """Documents that hit other rows and come to the same outcome."""
    currency: str
    money: str | None
    """The fact that is summed; None: the documents have no money, and sums are 0."""
    outcomes: tuple[OutcomeChange, ...]
    branches: tuple[BranchChange, ...]
    params: tuple[ParamsChange, ...]
    rows: tuple[RowHits, ...]
    never_hit: tuple[str, ...]
    largest: tuple[DocumentChange, ...]
    refused: tuple[Refusals, ...]
    notes: tuple[Text, ...] = ()
    made_up: int = 0
    """How many of `documents` are a demo's and were never decided."""

    def named(self) -> set[str]:
        """The documents it names one by one."""
        witnesses = {one.witness for one in self.rows if one.witness is not None}
        listed = {one.document for one in self.largest}
        refused = {one.document for one in self.refused if one.document is not None}
        return witnesses | listed | refused

    def renamed(self, names: Mapping[str, str]) -> Preview:
        """The same with other identifiers for documents."""
        return replace(
            self,
            rows=tuple(
                replace(one, witness=names.get(one.witness or "", one.witness)) for one in self.rows
            ),
            largest=tuple(
                replace(one, document=names.get(one.document, one.document)) for one in self.largest
            ),
            refused=tuple(
                replace(one, document=names.get(one.document or "", one.document))
                for one in self.refused
            ),
        )

    def without_documents(self) -> Preview:
        """The same for who may see rules and sums, but no single document."""
        return replace(
            self,
            rows=tuple(replace(one, witness=None) for one in self.rows),
            largest=(),
            refused=tuple(replace(one, document=None) for one in self.refused),
        )

    def with_facts(self, hide: Hide) -> Preview:
        """The same with the facts of listed documents as their reader may see them."""
        return replace(
            self,
            largest=tuple(
                replace(one, shows={name: hide(name, text) for name, text in one.shows.items()})
                for one in self.largest
            ),
        )

    def to_json(self, lang: Lang, seconds: float) -> dict[str, object]:
        """The form `sluice preview --format json` writes."""
        return {
            "documents": self.documents,
            "changed": self.changed,
            "amount_changed": self._text(self.changed_amount),
            "outcomes": [
                {
                    "outcome": one.outcome.label.say(lang),
                    "live": one.live,
                    "draft": one.draft,
                    "delta_amount": self._text(one.delta),
                    "values": one.outcome.values,
                }
                for one in self.outcomes
            ],
            "largest": [self._document(one, lang) for one in self.largest],
            "seconds": round(seconds, 3),
            "ruleset": _version(self.draft),
            "against": None if self.live is None else _version(self.live),
            "currency": self.currency,
            "amount_fact": self.money,
            "elsewhere": self.elsewhere,
            "made_up": self.made_up,
            "rows_changed": self.rows_changed,
            "branches": [
                {
                    "branch": one.branch,
                    "documents": one.documents,
                    "changed": one.changed,
                    "amount_changed": self._text(one.changed_amount),
                    "refused": one.refused,
                }
                for one in self.branches
            ],
            "parameters": [
                {
                    "ruleset": one.ruleset,
                    "params": dict(one.params),
                    "branches": list(one.branches),
                    "documents": one.documents,
                    "changed": one.changed,
                }
                for one in self.params
            ],
            "rows": [
                {
                    "row": one.row,
                    "live": one.live,
                    "draft": one.draft,
                    "satisfied": one.satisfied,
                    "changed": one.touched,
                    "witness": one.witness,
                }
                for one in self.rows
            ],
            "never_hit": list(self.never_hit),
            "refused": [
                {
                    "code": one.code,
                    "message": one.message.say(lang),
                    "documents": one.documents,
                    "before": one.before,
                    "amount": self._text(one.amount),
                    "document": one.document,
                }
                for one in self.refused
            ],
            "notes": [one.say(lang) for one in self.notes],
        }

    def _document(self, one: DocumentChange, lang: Lang) -> dict[str, object]:
        return {
            "document": one.document,
            "amount": self._text(one.amount),
            "live_rows": list(one.live_rows),
            "draft_rows": list(one.draft_rows),
            "branch": one.branch,
            "facts": dict(one.shows),
            "live_outcome": one.live.label.say(lang),
            "draft_outcome": one.draft.label.say(lang),
        }

    def _text(self, minor: int) -> str:
        return amount_text(minor, self.currency)


def _version(one: Version) -> dict[str, object]:
    return {
        "name": one.name,
        "version": one.version,
        "hash": one.hash,
        "organisation": one.scope_org,
    }
