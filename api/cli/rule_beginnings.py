"""`sluice rules new|copy`: a ruleset from a template of its kind, a branch's from head office's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from api.cli.acting import acting
from api.cli.person import AsOption
from api.cli.say import Language, complain, explained, say
from api.cli.workspace import WorkspaceOption
from engine.base.text import Lang, SluiceError, Text
from engine.rules.check import Library
from engine.rules.model import Vocabulary
from engine.rules.starting.copies import How, proposed_way
from engine.runtime.clock import SystemClock
from engine.treasury.rulesets import beginning, shelf

Output = Annotated[Path | None, typer.Option("-o", "--output", help="Write this file.")]
TitleEn = Annotated[str, typer.Option(help="Title in English (default: the name).")]
TitleZh = Annotated[str, typer.Option(help="Title in Chinese (default: the name).")]
Comments = Annotated[Literal["en", "zh", "both"], typer.Option(help="Language of the comments.")]


def new(
    kind: Annotated[str, typer.Argument(help="Kind, such as approval.")],
    subject: Annotated[str, typer.Option(help="What it decides about, such as payment.")],
    name: Annotated[str, typer.Option(help="Name of the ruleset.")],
    title_en: TitleEn = "",
    title_zh: TitleZh = "",
    org: Annotated[str, typer.Option(help="Organisation it rules.")] = "GROUP",
    output: Output = None,
    comments: Comments = "en",
    lang: Language = "en",
) -> None:
    """A complete, commented ruleset that checks without errors, to stdout or a new file.

    Without a workspace: the vocabulary is the nearest one to the file, else the shipped one.
    """
    with explained(lang):
        wanted = beginning.Wanted(
            kind, subject, name, Text(title_en, title_zh), org, _languages(comments)
        )
        vocabulary = _vocabulary(output)
        text = beginning.made_text(wanted, vocabulary, SystemClock().business_date())
        _give(text, output, lang)


def copy(
    name: Annotated[str, typer.Argument(help="Name of a live ruleset.")],
    to: Annotated[str, typer.Option(help="Organisation below the ruleset's own.")],
    user: AsOption,
    extends: Annotated[
        bool | None,
        typer.Option(
            "--extends/--full",
            help="Only what differs, or the whole table"
            " (default: extends where rows may be replaced or added).",
        ),
    ] = None,
    new_name: Annotated[str, typer.Option("--name", help="Name (default: NAME-org).")] = "",
    title_en: TitleEn = "",
    title_zh: TitleZh = "",
    output: Output = None,
    draft: Annotated[bool, typer.Option("--draft", help="Begin a draft instead.")] = False,
    comments: Comments = "en",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """A branch's own ruleset made from a live one: to stdout, to a new file, or as a draft."""
    with explained(lang), acting(workspace, user) as (session, person, clock):
        found = shelf.named_for(session, person, name)
        how = _way(extends, proposed_way(found.ruleset) if found.ruleset else "full")
        wanted = beginning.WantedCopy(
            found.version.hash,
            to,
            how,
            new_name,
            Text(title_en, title_zh),
            _languages(comments),
        )
        today = clock.business_date()
        if draft:
            made = beginning.begin_copy(session, person, wanted, clock.now(), today)
            number, called = made.id, made.name
        else:
            _give(beginning.copy_text(session, person, wanted, today), output, lang)
            return
    say(Text(f"draft {number}: {called}", f"草稿 {number}:{called}").say(lang))


def _way(extends: bool | None, proposed: How) -> How:
    if extends is None:
        return proposed
    return "extends" if extends else "full"


def _languages(comments: Literal["en", "zh", "both"]) -> tuple[Lang, ...]:
    return ("en", "zh") if comments == "both" else (comments,)


def _vocabulary(output: Path | None) -> Vocabulary:
    library = Library()
    found = library.vocabulary_of(output or Path("ruleset.yaml"))
    if found is None:
        first = library.findings[0]
        raise SluiceError(
            "VOCABULARY_BROKEN",
            Text(
                f"{first.file}:{first.span.line}: {first.message.en}; correct the vocabulary first",
                f"{first.file}:{first.span.line}：{first.message.zh}；请先更正词汇表",
            ),
        )
    return found


def _give(text: str, output: Path | None, lang: Lang) -> None:
    if output is None:
        typer.echo(text, nl=False)
        return
    with output.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
    complain(Text(f"{output} written", f"已写入 {output}").say(lang))


def add_to(group: typer.Typer) -> None:
    """Add the commands to the group `rules`."""
    group.command("new")(new)
    group.command("copy")(copy)
