"""`sluice cash`: desks, journals, and confirming what was paid or received."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.acting import acting
from api.cli.cash_undo import decide, undo, undos
from api.cli.pay import Numbers, say_items
from api.cli.person import AsOption
from api.cli.say import Format, Language, explained, say, say_json
from api.cli.workspace import WorkspaceOption
from api.item_results import ItemOut
from api.rest.cash import DeskOut, Journal
from engine.base.text import Text
from engine.rulebook import Rulebook
from engine.treasury import cash
from engine.treasury.documents import lists


def desks(
    user: AsOption,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Cash desks and what is in them."""
    with (
        explained(lang, output),
        acting(workspace, user) as (session, person, _),
    ):
        found = [DeskOut.of(one) for one in cash.desks(session, person)]
    if output == "json":
        say_json([one.model_dump(mode="json") for one in found])
        return
    for one in found:
        say(f"{one.organisation} {one.currency} {one.balance}")
    say(Text(f"{len(found)} cash desks", f"{len(found)} 个现金库").say(lang))


def journal(
    organisation: Annotated[str, typer.Argument(help="Organisation of the desk.")],
    user: AsOption,
    currency: Annotated[str, typer.Option(help="Currency of the desk.")] = "CNY",
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """The journal of a desk, newest row first."""
    with (
        explained(lang, output),
        acting(workspace, user) as (session, person, _),
    ):
        found = Journal.of(*cash.journal(session, person, organisation, currency))
    if output == "json":
        say_json(found.model_dump(mode="json"))
        return
    for one in found.entries:
        say(
            f"{one.entry_no} {one.business_date} {one.document_no} {one.amount} {one.balance} "
            f"{one.user} {one.voucher_no or '-'}"
        )
    held = Text(f"balance {found.desk.balance}", f"余额 {found.desk.balance}")
    say(held.say(lang))


def confirm(
    numbers: Numbers,
    user: AsOption,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Confirm cash that was paid or received; exit 1 when one was not confirmed."""
    with (
        explained(lang, output),
        acting(workspace, user) as (session, person, clock),
    ):
        ids = lists.ids(session, person, numbers)
        done = cash.confirm(session, Rulebook(), person, ids, clock)
    items = [ItemOut.of(one.document_no, one.code, one.text) for one in done]
    if output == "json":
        say_json([one.model_dump(mode="json") for one in items])
    say_items(items, output, lang)


def register(app: typer.Typer) -> None:
    """Add the group `cash`."""
    group = typer.Typer(help="Cash desks.", no_args_is_help=True)
    group.command("desks")(desks)
    group.command("journal")(journal)
    group.command("confirm")(confirm)
    group.command("undos")(undos)
    group.command("undo")(undo)
    group.command("decide")(decide)
    app.add_typer(group, name="cash")
