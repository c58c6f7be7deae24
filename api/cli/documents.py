"""`sluice documents` and `sluice approvals`: acts on many at once, each with its own result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import typer

from api.cli import endings
from api.cli.operating import operating
from api.cli.person import AsOption
from api.cli.say import Format, Language, explained, say, say_json
from api.cli.workspace import WorkspaceOption
from api.item_results import ItemOut
from api.rest.approvals import Decided, Step
from engine.base.text import Lang, Text
from engine.treasury import bulk
from engine.treasury.approvals import desk

Numbers = Annotated[list[str], typer.Argument(help="Document numbers.")]
Steps = Annotated[list[int], typer.Argument(help="Steps, as `approvals ls` shows.")]


def submit(
    numbers: Numbers,
    user: AsOption,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Submit rejected and withdrawn documents again; exit 1 when one was refused."""
    with explained(lang, output), operating(workspace, user) as (session, person, services):
        now = services.clock.now()
        items = bulk.submit(session, services.rulebook, person, numbers, now)
    _items(items, output, lang)


def release_holds(
    numbers: Numbers,
    user: AsOption,
    reason: Annotated[str, typer.Option(help="Why they may go on: it is kept.")],
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Let held documents go on; exit 1 when one was refused."""
    with explained(lang, output), operating(workspace, user) as (session, person, services):
        now = services.clock.now()
        items = bulk.release_holds(session, services.rulebook, person, numbers, reason, now)
    _items(items, output, lang)


def worklist(
    user: AsOption,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """What waits for a person's verdict."""
    with explained(lang, output), operating(workspace, user) as (session, person, services):
        groups = desk.worklist(session, person, services.clock.now())
    steps = [Step.of(one) for group in groups for one in group.items]
    if output == "json":
        say_json([one.model_dump(mode="json") for one in steps])
        return
    for one in steps:
        amount = f"{one.amount} {one.currency}" if one.amount else "-"
        role = f"{one.role}{_for_whom(one, lang)}"
        say(f"{one.step_id}  {one.document_no}  {one.organisation}  {amount}  {role}")
    say(Text(f"{len(steps)} steps", f"{len(steps)} 个待审批步骤").say(lang))


def approve(
    steps: Steps,
    user: AsOption,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Approve steps; exit 1 when one was refused."""
    _decide(steps, "approve", None, user, output, lang, workspace)


def reject(
    steps: Steps,
    user: AsOption,
    reason: Annotated[str, typer.Option(help="Why: the maker and the source are told.")],
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Reject steps; exit 1 when one was refused."""
    _decide(steps, "reject", reason, user, output, lang, workspace)


def _decide(
    steps: Sequence[int],
    verdict: Literal["approve", "reject"],
    comment: str | None,
    user: str,
    output: str,
    lang: Lang,
    workspace: WorkspaceOption,
) -> None:
    with explained(lang, output), operating(workspace, user) as (session, person, services):
        now = services.clock.now()
        results = desk.decide(session, person, steps, verdict, comment, now)
    if output == "json":
        say_json([Decided.of(one).model_dump(mode="json") for one in results])
    else:
        for one in results:
            name = one.subject_no or str(one.step_id)
            told = one.request_state if one.error is None else one.error.text.say(lang)
            say(f"{name}: {told}")
    if any(one.error is not None for one in results):
        raise typer.Exit(1)


def _for_whom(one: Step, lang: Lang) -> str:
    """In whose place the step would be decided."""
    if one.on_behalf_of is None:
        return ""
    return "  " + Text(f"for {one.on_behalf_of}", f"代 {one.on_behalf_of}").say(lang)


def _items(items: Sequence[bulk.Item], output: str, lang: Lang) -> None:
    if output == "json":
        say_json([ItemOut.told(one).model_dump(mode="json") for one in items])
    else:
        for one in items:
            told = one.state if one.error is None else one.error.text.say(lang)
            say(f"{one.document_no}: {told}")
    if any(one.error is not None for one in items):
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the groups `documents` and `approvals`."""
    documents = typer.Typer(help="What is done to documents, one or many.", no_args_is_help=True)
    documents.command("submit")(submit)
    documents.command("release-holds")(release_holds)
    documents.command("void")(endings.void)
    documents.command("replace")(endings.replace)
    documents.command("cheque")(endings.cheque)
    app.add_typer(documents, name="documents")
    approvals = typer.Typer(help="What waits for a verdict.", no_args_is_help=True)
    approvals.command("ls")(worklist)
    approvals.command("approve")(approve)
    approvals.command("reject")(reject)
    app.add_typer(approvals, name="approvals")
