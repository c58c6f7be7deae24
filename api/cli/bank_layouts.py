"""`sluice bank layouts`: what is live, drafts from files, who signs, undo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session

from api.cli.operating import operate, operating
from api.cli.person import AsOption
from api.cli.say import Format, Language, explained, say, say_json
from api.cli.workspace import WorkspaceOption
from api.rest.bank_layouts import LayoutOut, SampleOut, layouts_of
from api.services import Services
from engine.base.text import Text
from engine.formats.layouts import load
from engine.formats.layouts.examples import run_examples
from engine.formats.layouts.folder import samples_beside
from engine.treasury.layouts import comparing, drafting, reviewing

Hash = Annotated[str, typer.Argument(help="Hash, or its beginning, as `ls` shows.")]
Name = Annotated[str, typer.Argument(help="Name of the layout.")]
Org = Annotated[str, typer.Option(help="Organisation of the layout.")]
Reason = Annotated[str, typer.Option(help="Why: it is kept.")]
SHOWN = 12
"""Characters of a hash that are shown."""


def ls(
    user: AsOption,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Every layout: live ones, versions that wait, returned and earlier ones."""
    with explained(lang, output), operating(workspace, user) as (session, person, _):
        found = [one for one, _ in layouts_of(session, person)]
    if output == "json":
        say_json([one.model_dump(mode="json") for one in found])
        return
    for one in found:
        by = "" if one.author is None else f"  {one.author} → {one.reviewer or '—'}"
        line = f"{one.hash[:SHOWN]}  {one.bank}  {one.use}  {one.organisation}  {one.name} "
        say(f"{line}v{one.version}  {_STATES[one.state].say(lang)}{by}")


def show(
    hash: Hash,
    user: AsOption,
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """A layout's text."""
    with explained(lang, "full"), operating(workspace, user) as (session, person, _):
        _, text = _named(session, person, hash)
    say(text.rstrip("\n"))


def diff(
    before: Hash,
    after: Hash,
    user: AsOption,
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """What changed between two layouts."""
    with explained(lang, "full"), operating(workspace, user) as (session, person, _):
        texts = [_named(session, person, one)[1] for one in (before, after)]
    for line in comparing.changes(*texts):
        say(line)


def _samples_named(text: str, file: Path) -> dict[str, bytes]:
    """The samples beside a layout that its examples name."""
    beside, found = samples_beside(file), dict[str, bytes]()

    def opened(name: str) -> bytes:
        found[Path(name).name] = content = beside(name)
        return content

    run_examples(text, str(file), opened)
    return found


def submit(
    file: Annotated[Path, typer.Argument(help="Layout in YAML.", exists=True, dir_okay=False)],
    user: AsOption,
    reason: Reason,
    org: Org = "GROUP",
    sample: Annotated[
        list[Path] | None, typer.Option(help="A file of the bank it has to read.")
    ] = None,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Hand a layout over for a second person's word, with samples of the bank's files.

    Those that its examples name beside it go with it by themselves.
    """
    with explained(lang, output), operating(workspace, user) as (session, person, services):
        now, text = services.clock.now(), file.read_text("utf-8")
        load(text, str(file))
        draft = drafting.begin(session, person, org, text, now)
        given = {one.name: one.read_bytes() for one in sample or ()}
        for name, content in (_samples_named(text, file) | given).items():
            drafting.add_sample(session, person, draft.id or 0, name, content, now)
        version = drafting.submit(session, person, draft.id or 0, draft.text_hash, reason, now)
        made = LayoutOut.of(version, live=False)
    if output == "json":
        say_json(made.model_dump(mode="json"))
    else:
        said = Text(
            f"{made.hash[:SHOWN]} {made.name} v{made.version} waits for a second person",
            f"{made.hash[:SHOWN]} {made.name} 第 {made.version} 版待他人复核",
        )
        say(said.say(lang))


def read(
    file: Annotated[Path, typer.Argument(help="File of a bank.", exists=True, dir_okay=False)],
    layout: Hash,
    user: AsOption,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """The rows of a file as a layout reads them, beside their lines; nothing is taken in."""
    with explained(lang, output), operating(workspace, user) as (session, person, _):
        one, text = _named(session, person, layout)
    found = load(text, one.name)
    shown = "gb18030" if found.file.encoding == "auto" else found.file.encoding
    told = SampleOut.of(file.name, drafting.read_sample(found, file.read_bytes()), shown)
    if output == "json":
        say_json(told.model_dump(mode="json"))
    else:
        for row in told.rows:
            cells = "  ".join(f"{key}={value}" for key, value in row.cells.items() if value)
            say(f"{row.line}: {row.text.strip()}\n    {cells}")
        say(Text(f"{told.count} rows", f"共 {told.count} 行").say(lang))
    if told.refused_code is not None:
        say(f"[{told.refused_code}] {told.refused_zh if lang == 'zh' else told.refused_en}")
        raise typer.Exit(1)


def sign(
    hash: Hash,
    user: AsOption,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Sign a layout somebody else wrote, and make it live."""

    def act(session: Session, person: str, services: Services) -> dict[str, object]:
        one, _ = _named(session, person, hash)
        made = reviewing.sign(session, person, one.hash, services.clock.now())
        return LayoutOut.of(made, live=True).model_dump(mode="json")

    operate(act, Text(f"{hash} is live", f"{hash} 已生效"), user, output, lang, workspace)


def send_back(
    hash: Hash,
    user: AsOption,
    reason: Reason,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Return a layout to its author."""

    def act(session: Session, person: str, services: Services) -> dict[str, object]:
        one, _ = _named(session, person, hash)
        made = reviewing.send_back(session, person, one.hash, reason, services.clock.now())
        return LayoutOut.of(made, live=False).model_dump(mode="json")

    operate(act, Text(f"{hash} is returned", f"{hash} 已退回"), user, output, lang, workspace)


def undo(
    name: Name,
    user: AsOption,
    reason: Reason,
    org: Org = "GROUP",
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Make live again what was live before."""

    def act(session: Session, person: str, services: Services) -> dict[str, object]:
        now = services.clock.now()
        return {"hash": reviewing.undo(session, person, org, name, reason, now)}

    said = Text(f"{name} of {org} is as it was before", f"{org} 的 {name} 已恢复为之前的状态")
    operate(act, said, user, output, lang, workspace)


def retire(
    name: Name,
    user: AsOption,
    reason: Reason,
    org: Org = "GROUP",
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Let the organisation have no layout of this name; the one above rules again."""

    def act(session: Session, person: str, services: Services) -> dict[str, object]:
        reviewing.retire(session, person, org, name, reason, services.clock.now())
        return {"hash": None}

    said = Text(f"{name} of {org} is retired", f"{org} 的 {name} 已停用")
    operate(act, said, user, output, lang, workspace)


_STATES = {
    "live": Text("live", "生效"),
    "signed": Text("signed", "已复核"),
    "proposed": Text("waits for a second person", "待复核"),
    "returned": Text("returned", "已退回"),
}


def _named(session: Session, person: str, hash: str) -> tuple[LayoutOut, str]:
    """The layout of a hash or of its beginning. LayoutError LAYOUT_UNKNOWN."""
    found = [pair for pair in layouts_of(session, person) if pair[0].hash.startswith(hash)]
    if len(found) == 1:
        return found[0]
    version = reviewing.version_of(session, person, hash)
    return LayoutOut.of(version, live=False), version.text


def add(group: typer.Typer) -> None:
    """Add `layouts` to `sluice bank`."""
    layouts = typer.Typer(help="Layouts of bank files.", no_args_is_help=True)
    layouts.command("ls")(ls)
    layouts.command("show")(show)
    layouts.command("diff")(diff)
    layouts.command("read")(read)
    layouts.command("submit")(submit)
    layouts.command("sign")(sign)
    layouts.command("return")(send_back)
    layouts.command("undo")(undo)
    layouts.command("retire")(retire)
    group.add_typer(layouts, name="layouts")
