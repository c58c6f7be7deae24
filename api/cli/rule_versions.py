"""`sluice rules sign|return|schedule|…`: proposed versions, and what ruled when."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from api.cli.acting import acting
from api.cli.person import AsOption
from api.cli.rule_json import revision_json, timed_json, version_json
from api.cli.rule_words import CAUSE, VERSION, local, timed_line, version_named, version_now
from api.cli.say import Format, Language, explained, say, say_json
from api.cli.workspace import WorkspaceOption, opened
from api.demo.state import clock_for
from api.filters import instant_of, unclear
from engine.base.text import Text
from engine.rulebook import Rulebook
from engine.rulebook.reloading import revisions
from engine.rulebook.revisions import current_revision, items_of
from engine.rulebook.versions import state_of, stored_versions
from engine.rules.registry import known_kind
from engine.rules.render import counted
from engine.runtime.db import transaction
from engine.treasury.organisations.tree import path_of
from engine.treasury.rulesets import activating, reviewing

Hash = Annotated[str, typer.Argument(help="Hash of a version, or its first 8 digits or more.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept.")]


def sign(
    hash: Hash, user: AsOption, lang: Language = "en", workspace: WorkspaceOption = None
) -> None:
    """Sign a proposed version without making it live; `sluice reload` does that."""
    with explained(lang), acting(workspace, user) as (session, person, clock):
        done = reviewing.sign(session, person, hash, clock.now())
    say(version_now(done, lang))


def give_back(
    hash: Hash,
    user: AsOption,
    reason: Reason,
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Return a proposed version to its author, with a reason."""
    with explained(lang), acting(workspace, user) as (session, person, clock):
        done = reviewing.give_back(session, person, hash, reason, clock.now())
    say(version_now(done, lang))


def schedule(
    hashes: Annotated[list[str], typer.Argument(help="Hashes of signed versions.")],
    at: Annotated[str, typer.Option("--at", help="Instant, as 2026-12-01T08:00 (Shanghai).")],
    user: AsOption,
    reason: Reason,
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Let signed versions become live at an instant; a running worker does it."""
    with explained(lang), acting(workspace, user) as (session, person, clock):
        made = activating.at(session, person, hashes, instant_of(at), reason, clock.now())
    say(timed_line(made, lang))
    stop = f"sluice rules cancel {made.id} --as USER --reason TEXT"
    say(Text(f"stop it: {stop}", f"取消:{stop}").say(lang))


def cancel(
    number: Annotated[int, typer.Argument(help="Number, as `rules scheduled` shows.")],
    user: AsOption,
    reason: Reason,
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Stop a timed activation that waits."""
    with explained(lang), acting(workspace, user) as (session, person, clock):
        done = activating.cancel(session, person, number, reason, clock.now())
    say(timed_line(done, lang))


def list_scheduled(
    user: AsOption,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Timed activations and what became of them."""
    with explained(lang, output), acting(workspace, user) as (session, person, _):
        found = activating.timed(session, person, state=None)
    if output == "json":
        say_json([timed_json(one) for one in found])
        return
    for one in found:
        say(timed_line(one, lang))
    waiting = sum(one.state == "waiting" for one in found)
    say(Text(f"{waiting} waiting", f"{waiting} 个待激活").say(lang))


def list_versions(
    name: Annotated[str | None, typer.Argument(help="Only the ruleset of this name.")] = None,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Every stored version: its state, who answers for it, and whether it is live."""
    with (
        explained(lang, output),
        opened(workspace) as (_, _, engine),
        transaction(engine) as session,
    ):
        held = {item.version.hash for item in items_of(session, current_revision(session) or 0)}
        found = [one for one in stored_versions(session) if name in (None, one.name)]
    if output == "json":
        say_json([version_json(one) | {"live": one.hash in held} for one in found])
        return
    for version in found:
        live = Text(" live", " 生效").say(lang) if version.hash in held else ""
        ends = version.effective_to or ""
        who = f"{version.author}/{version.reviewer or version.returned_by or '-'}"
        say(
            f"{version_named(version)} {VERSION[state_of(version)].say(lang)}{live} "
            f"{version.effective_from}..{ends} {who}: "
            f"{version.return_reason or version.reason}"
        )
    say(Text(counted(len(found), "version", "versions"), f"{len(found)} 个版本").say(lang))


def list_revisions(
    output: Format = "full",
    lang: Language = "en",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
    workspace: WorkspaceOption = None,
) -> None:
    """What became live when, by whom and why; newest first."""
    with (
        explained(lang, output),
        opened(workspace) as (_, _, engine),
        transaction(engine) as session,
    ):
        found = revisions(session, limit=limit + 1)
    if output == "json":
        say_json([revision_json(one) for one in found[:limit]])
        return
    for one in found[:limit]:
        who = (
            one.activated_by
            if one.approved_by is None
            else (f"{one.activated_by}/{one.approved_by}")
        )
        cause = CAUSE[one.cause].say(lang)
        if one.restores is not None:
            cause += Text(f" to {one.restores}", f"至第 {one.restores} 次").say(lang)
        say(f"{one.id} {local(one.activated_at)} {cause} {who}: {one.reason}")
    if len(found) > limit:
        say(Text("older ones are hidden (--limit)", "更早的未显示(--limit)").say(lang))
    shown = min(len(found), limit)
    say(Text(counted(shown, "revision", "revisions"), f"{shown} 次激活").say(lang))


def as_of(
    kind: Annotated[str, typer.Argument(help="Kind of ruleset, such as approval.")],
    on: Annotated[str | None, typer.Option(help="Business date (default: today).")] = None,
    known: Annotated[str | None, typer.Option(help="Instant (default: now).")] = None,
    org: Annotated[str, typer.Option(help="Organisation.")] = "GROUP",
    subject: Annotated[str | None, typer.Option(help="Only for this subject.")] = None,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Which rulesets of a kind ruled an organisation on a date, as known at an instant."""
    with explained(lang, output), opened(workspace) as (place, _, engine):
        known_kind(kind)
        clock = clock_for(place)
        instant_known = clock.now() if known is None else instant_of(known)
        day = clock.business_date() if on is None else _day(on)
        with transaction(engine) as session:
            pinned = Rulebook().known_at(session, instant_known)
            found = pinned.effective(kind, org_path=path_of(session, org), on=day, subject=subject)
    if output == "json":
        say_json(
            {
                "revision": pinned.revision,
                "rulesets": [
                    {
                        "kind": one.kind,
                        "name": one.name,
                        "subject": one.subject,
                        "version": one.version,
                        "hash": one.hash,
                        "organisation": one.scope_org,
                    }
                    for one in found
                ],
            }
        )
        return
    for one in found:
        say(f"{one.hash[:12]} {one.kind} {one.name} {one.version} {one.subject} {one.scope_org}")
    say(
        Text(
            f"{counted(len(found), 'ruleset', 'rulesets')} on {day} by revision {pinned.revision}",
            f"{day} 有 {len(found)} 个规则集有效(第 {pinned.revision} 次激活)",
        ).say(lang)
    )


def _day(written: str) -> dt.date:
    try:
        return dt.date.fromisoformat(written)
    except ValueError:
        raise unclear(written) from None


def add_to(group: typer.Typer) -> None:
    """Add the commands to the group `rules`."""
    group.command("sign")(sign)
    group.command("return")(give_back)
    group.command("schedule")(schedule)
    group.command("scheduled")(list_scheduled)
    group.command("cancel")(cancel)
    group.command("versions")(list_versions)
    group.command("revisions")(list_revisions)
    group.command("as-of")(as_of)
