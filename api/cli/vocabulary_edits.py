"""`sluice rules words add`, `add-value`, `label`, `type`, `remove`: changes that are proposed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session

from api.cli.acting import acting
from api.cli.person import AsOption
from api.cli.reload import refusals
from api.cli.say import Language, explained, say
from api.cli.vocabulary_text import proposal_line
from api.cli.workspace import WorkspaceOption
from engine.base.text import Lang, SluiceError, Text
from engine.rules.words import (
    AddListed,
    AddWord,
    Listed,
    RemoveListed,
    RemoveWord,
    SetLabel,
    SetType,
    WordEdit,
)
from engine.runtime.clock import Clock
from engine.treasury.rulesets import words

Word = Annotated[str, typer.Argument(help="Name of the word.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept.")]
En = Annotated[str, typer.Option(help="Label in English.")]
Zh = Annotated[str, typer.Option(help="Label in Chinese.")]
On = Annotated[
    int | None, typer.Option("--on", help="Add the change to this proposal, as a new one.")
]


def add_word(
    word: Word,
    user: AsOption,
    reason: Reason,
    type_: Annotated[str, typer.Option("--type", help="money, int, percent, code, text, ...")],
    en: En,
    zh: Zh,
    value: Annotated[
        list[str] | None, typer.Option(help="A value as CODE=English=中文; may stand repeatedly.")
    ] = None,
    iso20022: Annotated[str | None, typer.Option(help="Its name in ISO 20022.")] = None,
    nullable: Annotated[bool, typer.Option("--nullable", help="It may be missing.")] = False,
    least: Annotated[str | None, typer.Option("--min", help="Its least value.")] = None,
    after: Annotated[str | None, typer.Option(help="Write it below this word.")] = None,
    on: On = None,
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Propose a new word."""
    with explained(lang):
        values = tuple(_listed(one) for one in value or ())
    edit = AddWord(
        word=word,
        type=type_,
        en=en,
        zh=zh,
        iso20022=iso20022,
        values=values,
        nullable=nullable,
        minimum=least,
        after=after,
    )
    _propose(edit, user, reason, on, lang, workspace)


def add_value(
    word: Word,
    value: Annotated[str, typer.Argument(help="The code.")],
    user: AsOption,
    reason: Reason,
    en: En,
    zh: Zh,
    on: On = None,
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Propose a new value of a word that is closed to a list."""
    edit = AddListed(word=word, value=value, en=en, zh=zh)
    _propose(edit, user, reason, on, lang, workspace)


def label(
    word: Word,
    user: AsOption,
    reason: Reason,
    en: En,
    zh: Zh,
    value: Annotated[str | None, typer.Option(help="Of this value, not of the word.")] = None,
    on: On = None,
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Propose other labels of a word or of one of its values."""
    edit = SetLabel(word=word, value=value, en=en, zh=zh)
    _propose(edit, user, reason, on, lang, workspace)


def set_type(
    word: Word,
    type_: Annotated[str, typer.Argument(metavar="TYPE", help="The new type.")],
    user: AsOption,
    reason: Reason,
    on: On = None,
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Propose another type of a word that no ruleset uses."""
    _propose(SetType(word=word, type=type_), user, reason, on, lang, workspace)


def remove(
    word: Word,
    user: AsOption,
    reason: Reason,
    value: Annotated[str | None, typer.Option(help="Only this value of its list.")] = None,
    on: On = None,
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Propose to remove a word, or a value, that no ruleset uses."""
    edit: WordEdit = RemoveWord(word=word)
    if value is not None:
        edit = RemoveListed(word=word, value=value)
    _propose(edit, user, reason, on, lang, workspace)


@contextmanager
def saying(lang: Lang, user: str, workspace: Path | None) -> Iterator[tuple[Session, str, Clock]]:
    """The transaction, who acts and the clock; refusals are said in the language."""
    with explained(lang), refusals(lang), acting(workspace, user) as given:
        yield given


def _propose(
    edit: WordEdit,
    user: str,
    reason: str,
    on: int | None,
    lang: Lang,
    workspace: Path | None,
) -> None:
    with saying(lang, user, workspace) as (session, person, clock):
        if on is None:
            made = words.propose(session, person, (edit,), reason, clock.now())
        else:
            made = words.carry_on(session, person, on, clock.now(), more=(edit,), reason=reason)
        line = proposal_line(made, lang)
    say(line)


def _listed(written: str) -> Listed:
    parts = written.split("=")
    if len(parts) != 3:
        raise SluiceError(
            "VALUE_FORM",
            Text(f"{written!r} is not CODE=English=中文", f"{written!r} 应写成 代码=英文=中文"),
        )
    return Listed(value=parts[0], en=parts[1], zh=parts[2])
