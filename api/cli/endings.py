"""Commands of `sluice documents`: voiding, paying one in another way, asking for cheques."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.acting import acting
from api.cli.pay import Numbers, say_items
from api.cli.person import AsOption
from api.cli.say import Format, Language, explained, say, say_json
from api.cli.workspace import WorkspaceOption
from api.item_results import ItemOut
from engine.rulebook import Rulebook
from engine.treasury import cheques
from engine.treasury.documents import lists
from engine.treasury.intake.ending import void_each
from engine.treasury.intake.replacing import Change, replace_document

Reason = Annotated[str, typer.Option(help="Why: it is kept with the document.")]


def void(
    numbers: Numbers,
    user: AsOption,
    reason: Reason,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Void documents; exit 1 when one was not voided."""
    with (
        explained(lang, output),
        acting(workspace, user) as (session, person, clock),
    ):
        done = void_each(session, person, lists.ids(session, person, numbers), reason, clock.now())
    items = [ItemOut.of(one.document_no, one.code, one.text) for one in done]
    if output == "json":
        say_json([one.model_dump(mode="json") for one in items])
    say_items(items, output, lang)


def replace(
    number: Annotated[str, typer.Argument(help="Document number.")],
    user: AsOption,
    reason: Reason,
    method: Annotated[str | None, typer.Option(help="transfer, cash, cheque or wallet.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the counterparty.")] = None,
    account: Annotated[str | None, typer.Option(help="Account of the counterparty.")] = None,
    bank_code: Annotated[str | None, typer.Option(help="12 digits of its bank.")] = None,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Pay by another method or to another account: a new document, the old one void."""
    with (
        explained(lang, output),
        acting(workspace, user) as (session, person, clock),
    ):
        (found,) = lists.ids(session, person, [number])
        change = Change(method, name, account, bank_code)
        new = replace_document(session, Rulebook(), person, found, change, reason, clock.now())
        stands = {"document_no": new.document_no, "state": new.state, "replaces": number}
    if output == "json":
        say_json(stands)
        return
    say(f"{number} -> {stands['document_no']} {stands['state']}")


def cheque(
    numbers: Numbers,
    user: AsOption,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Ask for one cheque per document; exit 1 when one was refused."""
    with (
        explained(lang, output),
        acting(workspace, user) as (session, person, clock),
    ):
        done = cheques.request(session, person, lists.ids(session, person, numbers), clock.now())
    items = [ItemOut.of(one.document_no, one.code, one.text) for one in done]
    if output == "json":
        say_json([one.model_dump(mode="json") for one in items])
    say_items(items, output, lang)
