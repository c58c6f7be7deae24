"""`sluice pay`: releasing documents, the files that take some to the bank, what comes back."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from api.cli.acting import acting
from api.cli.person import AsOption
from api.cli.say import Format, Language, complain, explained, say, say_json
from api.cli.workspace import WorkspaceOption
from api.item_results import ItemOut
from api.rest.bulk import ReleaseResult
from api.rest.payment_files import PaymentFileOut, ReturnResult
from engine.base.text import Lang, Text
from engine.rulebook import Rulebook
from engine.treasury import bulk
from engine.treasury.payments import files

Numbers = Annotated[list[str], typer.Argument(help="Document numbers.")]
MessageId = Annotated[str, typer.Argument(help="Number of the file, as `pay files` shows.")]


def release(
    numbers: Numbers,
    user: AsOption,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Pay documents by message or by file; exit 1 when one was not released."""
    with (
        explained(lang, output),
        acting(workspace, user) as (session, person, clock),
    ):
        paid = bulk.pay(session, Rulebook(), person, numbers, clock.now())
    done = ReleaseResult.of(paid)
    if output == "json":
        say_json(done.model_dump(mode="json"))
    say_items(done.items, output, lang)


def list_files(
    user: AsOption,
    finished: Annotated[bool, typer.Option(help="Those that need nothing more, too.")] = False,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Payment files that wait to be taken to the bank, or for their return file."""
    with (
        explained(lang, output),
        acting(workspace, user) as (session, person, _),
    ):
        found = [PaymentFileOut.of(one) for one in files.find(session, person, finished=finished)]
    if output == "json":
        say_json([one.model_dump(mode="json") for one in found])
        return
    for one in found:
        taken = Text(
            f"taken {one.downloads} times, {one.returns} return files",
            f"已下载 {one.downloads} 次,回盘文件 {one.returns} 个",
        )
        say(
            f"{one.message_id} {one.state} {one.bank} {one.channel} {one.items} "
            f"{one.currency} {one.amount} {taken.say(lang)}"
        )
    say(Text(f"{len(found)} files", f"{len(found)} 个文件").say(lang))


def file(
    message_id: MessageId,
    user: AsOption,
    folder: Annotated[Path, typer.Option(file_okay=False, exists=True, help="Where to.")] = Path(),
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Take a file to the bank: from now on its items are under way. Again gives a copy."""
    with explained(lang, output):
        with acting(workspace, user) as (session, person, clock):
            done = files.hand_out(session, Rulebook(), clock, person, message_id)
        if not done.content:
            raise files.FileEmpty(done)
        place = folder / done.name
        # A name that is there already is somebody else's file.
        with place.open("xb") as out:
            out.write(done.content)
    for one in done.taken_out:
        complain(f"{one.instruction_id}: [{one.code}] {one.text.say(lang)}")
    if done.copy:
        warning = Text(
            f"COPY number {done.number - 1}: this file was handed out before; the bank must not "
            "carry it out twice",
            f"副本 {done.number - 1}:该文件此前已交出;不得让银行重复执行",
        )
        complain(warning.say(lang))
    if output == "json":
        say_json(
            {
                "file": str(place),
                "sha256": done.sha256,
                "number": done.number,
                "copy": done.copy,
                "taken_out": [one.instruction_id for one in done.taken_out],
            }
        )
        return
    say(f"{place} SHA-256 {done.sha256}")


def discard(
    message_id: MessageId,
    user: AsOption,
    reason: Annotated[str, typer.Option(help="Why: it is kept in the audit log.")],
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Dissolve a file nobody took yet; its documents can be paid anew."""
    with (
        explained(lang, output),
        acting(workspace, user) as (session, person, clock),
    ):
        count = files.discard(session, Rulebook(), clock, person, message_id, reason)
    if output == "json":
        say_json({"items": count})
        return
    say(Text(f"{message_id}: {count} items free", f"{message_id}:释放 {count} 笔").say(lang))


def take_return(
    message_id: MessageId,
    path: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The return file.")],
    user: AsOption,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Take in a return file; exit 1 when an item of it needs a person."""
    with (
        explained(lang, output),
        acting(workspace, user) as (session, person, clock),
    ):
        done = files.take_return(session, Rulebook(), clock, person, message_id, path.read_bytes())
    if output == "json":
        say_json(ReturnResult.of(done).model_dump(mode="json"))
    else:
        for one in done.issues:
            complain(f"[{one.code}] {one.text.say(lang)}")
        again = Text(" (taken before; nothing was added)", "(此前已导入,未增加任何内容)")
        told = Text(
            f"{message_id}: {done.paid} paid, {done.failed} failed, {done.unknown} unknown, "
            f"{done.open} open",
            f"{message_id}:成功 {done.paid},失败 {done.failed},未知 {done.unknown},"
            f"未决 {done.open}",
        )
        say(told.say(lang) + (again.say(lang) if done.repeated else ""))
    if done.issues:
        raise typer.Exit(1)


def say_items(items: Iterable[ItemOut], output: str, lang: Lang) -> None:
    """One line per document for people; exit 1 when one of them was not done."""
    refused = 0
    for one in items:
        if one.error is None:
            line = Text("done", "完成").say(lang)
        else:
            refused += 1
            said = one.error.message_zh if lang == "zh" else one.error.message_en
            line = f"[{one.error.code}] {said}"
        if output != "json":
            say(f"{one.document_no}: {line}")
    if refused:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the group `pay`."""
    pay = typer.Typer(help="Paying approved documents.", no_args_is_help=True)
    pay.command("release")(release)
    pay.command("files")(list_files)
    pay.command("file")(file)
    pay.command("discard")(discard)
    pay.command("return")(take_return)
    app.add_typer(pay, name="pay")
