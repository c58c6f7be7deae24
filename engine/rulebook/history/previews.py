"""Previewing a draft against what is live, over kept history: decisions as they were made."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session

from engine.base.findings import Finding, Severity
from engine.base.text import SluiceError, Text
from engine.rulebook.errors import RulesetRefused
from engine.rulebook.families import check_stored, extending, org_tree
from engine.rulebook.history.loaded import LoadedHistory
from engine.rulebook.history.reading import LONGEST
from engine.rulebook.history.store import HistoryError
from engine.rulebook.library import shelved
from engine.rulebook.pinned import Pinned
from engine.rulebook.texts import (
    Readable,
    Source,
    current_vocabulary,
    everything,
    headings,
    live_sources,
    read_all,
)
from engine.rules.model import Ruleset
from engine.rules.params import ancestors
from engine.rules.preview import (
    LARGEST,
    Documents,
    OrgPath,
    Preview,
    PreviewRefused,
    World,
    compare,
)
from engine.rules.preview.comparing import branches_that_count
from engine.rules.preview.guard import comparable, refuse_other_windows

_RANGE = re.compile(r"live:([1-9][0-9]{0,3})d")


class DraftErrors(SluiceError):
    """A draft with errors is not previewed as if it were valid; `findings` says what to correct,
    `hints` what else was found."""

    http_status = 422

    def __init__(self, findings: Sequence[Finding]) -> None:
        errors = tuple(one for one in findings if one.severity is Severity.ERROR)
        first = errors[0]
        super().__init__(
            "DRAFT_HAS_ERRORS",
            Text(
                f"the draft has {len(errors)} errors and is not previewed as if it were valid: "
                f"{first.file}:{first.span.line}: [{first.code}] {first.message.en}",
                f"草案有 {len(errors)} 个错误，不能当作有效规则预览："
                f"{first.file}:{first.span.line}：[{first.code}] {first.message.zh}",
            ),
        )
        self.findings = errors
        self.hints = tuple(one for one in findings if one.severity is not Severity.ERROR)


@dataclass(frozen=True, slots=True)
class Draft:
    """A valid draft, the live world it would change, and the world with it."""

    ruleset: Ruleset
    live: World
    new: World
    place: OrgPath
    """The path of the organisation it is made for."""


def days_of(history: str) -> int:
    """The days in "live:90d". Raises HistoryError HISTORY_RANGE."""
    found = _RANGE.fullmatch(history)
    if found is None or int(found[1]) > LONGEST:
        raise HistoryError(
            "HISTORY_RANGE",
            Text(
                f"{history!r} is no range of decision history; write live:90d (at most {LONGEST})",
                f"{history!r} 不是决策历史的期间；请写 live:90d（最多 {LONGEST} 天）",
            ),
        )
    return int(found[1])


def since(history: str, today: dt.date) -> dt.date:
    """The first business date of "live:90d": today is its last day."""
    return today - dt.timedelta(days=days_of(history) - 1)


def valid_draft(
    session: Session,
    pinned: Pinned,
    file: str,
    text: str,
    *,
    on: dt.date,
    against: str | None = None,
    readable: Readable = everything,
) -> Draft:
    """Check a draft as it would be checked for activation, and put it into the live world.

    `against` replaces what is live by a stored version (hash). Extensions of the draft are read
    anew with it. What is not `readable` is neither a parent of it nor an extension. Raises
    DraftErrors, PreviewRefused OTHER_RULESET and WINDOW_CHANGED, and RulebookError
    UNKNOWN_RULESET.
    """
    words = current_vocabulary(session).text
    checked = check_stored(session, file, text, words, readable)
    if checked.ruleset is None or any(f.severity is Severity.ERROR for f in checked.findings):
        raise DraftErrors(checked.findings)
    draft = checked.ruleset
    live = live_world(pinned, draft.kind, draft.subject, on)
    if against is not None:
        other = _stored(session, against)
        comparable(draft, other)
        live = live.with_draft(other)
    placed = in_place(session, draft, live)
    new = placed.new
    for child in _extensions(live_sources(session, None, readable), draft, words):
        if child.scope_org in new.rulesets and child.scope_org != draft.scope_org:
            new = new.with_draft(child)
    return replace(placed, new=new)


def in_place(session: Session, ruleset: Ruleset, live: World) -> Draft:
    """A ruleset in the place of what decides for its organisation; what extends it stays as it is.

    Raises PreviewRefused OTHER_RULESET and WINDOW_CHANGED.
    """
    above = ancestors(org_tree(session) or {}, ruleset.scope_org)
    place = (*reversed(list(above)), ruleset.scope_org)
    replaced = live.ruleset_for(place)
    if replaced is not None:
        comparable(ruleset, replaced)
        refuse_other_windows(ruleset, replaced)
    return Draft(ruleset, live, live.with_draft(ruleset), place)


def _stored(session: Session, hash: str) -> Ruleset:
    found = shelved(session, hash).ruleset
    if found is None:
        raise PreviewRefused(
            "OTHER_RULESET",
            Text(
                f"the version {hash[:12]} cannot be read with the live words; name another",
                f"版本 {hash[:12]} 无法用现行词汇表读取；请另选版本",
            ),
        )
    return found


def live_world(pinned: Pinned, kind: str, subject: str, on: dt.date) -> World:
    """What is live for a kind and subject on a day, by the organisation it is made for."""
    scopes = {one.scope_org for one in pinned if (one.kind, one.subject) == (kind, subject)}
    return World(
        {
            scope: one
            for scope in sorted(scopes)
            for one in pinned.effective(kind, org_path=(scope,), on=on, subject=subject)
        }
    )


def _extensions(sources: Sequence[Source], draft: Ruleset, words: str) -> list[Ruleset]:
    """What extends the draft's ruleset, with the draft in its place. Raises DraftErrors."""
    touched = extending({draft.name}, sources)
    if not touched:
        return []
    named = {(one.file, one.text): one.name for one in headings(sources)}
    others = [one for one in sources if named.get(one) != draft.name]
    among = [(draft.file, draft.text), *others]
    try:
        return [read_all(file, text, among, words)[0] for file, text in sorted(touched)]
    except RulesetRefused as refused:
        raise DraftErrors(refused.findings) from None


def preview_draft(
    draft: Draft,
    loaded: LoadedHistory,
    *,
    visible: Collection[str] | None = None,
    below: str | None = None,
    largest: int = LARGEST,
) -> Preview:
    """Compare both worlds on kept history.

    `visible`: only documents of these organisations count, and nothing is said of others;
    `below`: only those of this organisation and everything below it. With neither, documents of
    branches that nobody knows are refused by name. Raises HistoryRefused, PreviewRefused
    NO_DOCUMENTS.
    """
    documents = loaded.documents
    chosen = branches_seen(documents, visible, below)
    found = compare(
        draft.ruleset,
        draft.live,
        draft.new,
        documents,
        branches=chosen,
        largest=largest,
        place=draft.place,
    )
    counting = branches_that_count(draft.ruleset, draft.live, draft.new, documents, chosen)
    paths = ["/".join(documents.branches[one].path or ()) for one in counting]
    made_up = sum(loaded.history.made_up.get(one, 0) for one in paths)
    notes = (*found.notes, *_notes(loaded, paths, made_up))
    return replace(found, made_up=made_up, notes=notes)


def branches_seen(
    documents: Documents, visible: Collection[str] | None, below: str | None = None
) -> list[int]:
    """The branches whose documents count, as `preview_draft` says. Raises PreviewRefused
    NO_DOCUMENTS when there are none."""
    chosen = [
        at
        for at, one in enumerate(documents.branches)
        if (visible is None or one.code in visible)
        and (below is None or (one.path is not None and below in one.path))
    ]
    if not chosen:
        raise _no_documents(below)
    return chosen


def _notes(loaded: LoadedHistory, paths: Sequence[str], made_up: int) -> list[Text]:
    attempts = sum(loaded.history.attempts.get(one, 0) for one in paths)
    notes = []
    if made_up:
        notes.append(
            Text(
                f"{made_up:,} of the documents are made up (demo): nobody paid them",
                f"其中 {made_up:,} 笔为演示用虚构单据（demo），并未真实支付",
            )
        )
    if attempts:
        notes.append(
            Text(
                f"{attempts:,} earlier decisions of the same matters are left out: the last counts",
                f"同一事项此前的 {attempts:,} 次决策未计入，以最后一次为准",
            )
        )
    return notes


def _no_documents(below: str | None) -> PreviewRefused:
    where = "" if below is None else f" of {below}"
    return PreviewRefused(
        "NO_DOCUMENTS",
        Text(
            f"the history has no documents{where} that you may see; look further back or name "
            "another organisation",
            f"历史中没有您可查看的{'' if below is None else f' {below} 的'}单据；"
            "请延长期间或另选机构",
        ),
    )
