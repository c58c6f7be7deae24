"""`sluice rules words …`: the vocabulary, and changes of it by two persons."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli import vocabulary_edits
from api.cli.acting import acting
from api.cli.person import AsOption
from api.cli.say import Format, Language, explained, say, say_json
from api.cli.vocabulary_edits import Reason, saying
from api.cli.vocabulary_text import impact_lines, proposal_json, proposal_line, word_json, word_line
from api.cli.workspace import WorkspaceOption
from engine.base.text import Text
from engine.rulebook.texts import vocabulary_of
from engine.rulebook.words.proposals import edits_of, proposal_of, proposals, state_of_words
from engine.rules.edit.lines import line_diff
from engine.rules.render import counted
from engine.rules.words import (
    told_diff,
    word_diff,
)
from engine.treasury.rulesets import words

Number = Annotated[int, typer.Argument(help="Number, as `rules words proposals` shows.")]


def show(
    user: AsOption,
    search: Annotated[str, typer.Argument(help="Part of a name, label or value.")] = "",
    text: Annotated[bool, typer.Option("--text", help="The vocabulary's text instead.")] = False,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """The words that are live: type, labels, values, who supplies them, which rulesets ask."""
    with explained(lang, output), acting(workspace, user) as (session, person, _):
        found = words.words_for(session, person)
    if text:
        typer.echo(found.text, nl=False)
        return
    shown = words.matching(found.known, search)
    if output == "json":
        say_json([word_json(one) for one in shown])
        return
    for one in shown:
        say(word_line(one, lang))
    hidden = len(found.known) - len(shown)
    more = Text(f", {hidden} hidden", f",另有 {hidden} 个未显示") if hidden else Text("", "")
    number = counted(len(shown), "word", "words")
    say(Text(f"{number}{more.en}", f"{len(shown)} 个词{more.zh}").say(lang))


def list_proposals(
    user: AsOption,
    output: Format = "full",
    lang: Language = "en",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
    workspace: WorkspaceOption = None,
) -> None:
    """Proposed changes of the vocabulary, newest first."""
    with explained(lang, output), acting(workspace, user) as (session, _, _):
        found = proposals(session, limit=limit + 1)
    if output == "json":
        say_json([proposal_json(one) for one in found[:limit]])
        return
    for one in found[:limit]:
        say(proposal_line(one, lang))
    if len(found) > limit:
        say(Text("older ones are hidden (--limit)", "更早的未显示(--limit)").say(lang))
    shown = min(len(found), limit)
    say(Text(counted(shown, "proposal", "proposals"), f"{shown} 个提案").say(lang))


def show_proposal(
    number: Number,
    user: AsOption,
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """A proposal: its lines, its meaning, what it does to rulesets; exit 1 if one breaks."""
    with explained(lang), acting(workspace, user) as (session, person, _):
        found = proposal_of(session, number)
        base = words.base_text(session, found)
        waits = state_of_words(found) == "proposed"
        seen = words.impact(session, person, found) if waits else None
    say(proposal_line(found, lang))
    for line in line_diff(base, found.text):
        say(line)
    new = vocabulary_of(found.text)
    for told in told_diff(word_diff(vocabulary_of(base), new), new):
        say(told.say(lang))
    if seen is None:
        return
    for line in impact_lines(seen, found, lang):
        say(line)
    if seen.broken or seen.moved:
        raise typer.Exit(1)


def carry_on(
    number: Number,
    user: AsOption,
    without: Annotated[
        list[int] | None, typer.Option(help="Leave out the change at this place (from 0).")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why (default: as it was).")] = None,
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Put a proposal on the vocabulary as it is now; the old one is returned."""
    with saying(lang, user, workspace) as (session, person, clock):
        old = proposal_of(session, number)
        keep = set(range(len(edits_of(old)))) - set(without or ())
        made = words.carry_on(session, person, number, clock.now(), keep=keep, reason=reason)
        line = proposal_line(made, lang)
    say(line)


def sign(
    number: Number, user: AsOption, lang: Language = "en", workspace: WorkspaceOption = None
) -> None:
    """Sign a proposal without making it live; `sluice reload` does that."""
    with saying(lang, user, workspace) as (session, person, clock):
        line = proposal_line(words.sign(session, person, number, clock.now()), lang)
    say(line)


def give_back(
    number: Number,
    user: AsOption,
    reason: Reason,
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Return a proposal to its author, with a reason."""
    with saying(lang, user, workspace) as (session, person, clock):
        line = proposal_line(words.give_back(session, person, number, reason, clock.now()), lang)
    say(line)


def words_group() -> typer.Typer:
    """The group `words`."""
    group = typer.Typer(help="The vocabulary, by two persons.", no_args_is_help=True)
    group.command("list")(show)
    group.command("add")(vocabulary_edits.add_word)
    group.command("add-value")(vocabulary_edits.add_value)
    group.command("label")(vocabulary_edits.label)
    group.command("type")(vocabulary_edits.set_type)
    group.command("remove")(vocabulary_edits.remove)
    group.command("proposals")(list_proposals)
    group.command("show")(show_proposal)
    group.command("continue")(carry_on)
    group.command("sign")(sign)
    group.command("return")(give_back)
    return group
