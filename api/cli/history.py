"""`sluice history`: the decision history that previews are made on, and made-up files to try."""

from __future__ import annotations

import datetime as dt
from importlib import resources
from pathlib import Path
from typing import Annotated

import pyarrow.parquet as pq
import typer

from api.cli.say import Format, Language, explained, say, say_json
from api.cli.workspace import WorkspaceOption, opened
from engine.base.collector import Collector
from engine.base.text import SluiceError, Text
from engine.base.yaml_marks import Mapping, Scalar, Sequence, compose
from engine.rulebook.history import HistoryFolder, Kept, status, update
from engine.rulebook.history.sample import as_user_file, make_sample
from engine.rulebook.history.store import DEMO, MonthFile
from engine.runtime.db import transaction

LAST = dt.date(2026, 11, 20)
"""Last business date of a sample: the demo's day."""


class HistoryUsage(SluiceError):
    """A file that is not written: HISTORY_FORMAT, FILE_EXISTS."""


def show(workspace: WorkspaceOption = None, output: Format = "full", lang: Language = "en") -> None:
    """Months in the decision log and on disk; exit 1 if one is not complete."""
    with explained(lang), opened(workspace) as (place, _, engine):
        folder = HistoryFolder(place.folder / "history")
        with transaction(engine) as session:
            kept = status(session, folder)
        made_up = [one for one in folder.files() if one.source == DEMO]
    behind = sum(not one.complete for one in kept)
    if output == "json":
        months = [_json(one) for one in kept]
        demo = [_file_json(one) for one in made_up]
        say_json({"folder": str(folder.folder), "months": months, "made_up": demo})
    else:
        for one in kept:
            say(_line(one).say(lang))
        for file in made_up:
            say(
                Text(
                    f"{_name(file)}  {file.decisions:,} made-up documents (demo)",
                    f"{_name(file)}  {file.decisions:,} 笔虚构单据（demo）",
                ).say(lang)
            )
        say(
            Text(
                f"{folder.folder}: {len(kept):,} months, {behind:,} not complete",
                f"{folder.folder}：{len(kept):,} 个月份，{behind:,} 个未完整",
            ).say(lang)
        )
    if behind:
        raise typer.Exit(1)


def rebuild(workspace: WorkspaceOption = None, lang: Language = "en") -> None:
    """Write every month anew from the decision log; the files say the same as before."""
    with explained(lang), opened(workspace) as (place, _, engine):
        folder = HistoryFolder(place.folder / "history")
        with transaction(engine) as session:
            months = list(update(session, folder, anew=True))
    for one in months:
        say(f"{one.kind} {one.subject} {one.first:%Y-%m}")
    say(
        Text(
            f"{folder.folder}: {len(months):,} months written",
            f"{folder.folder}：已写 {len(months):,} 个月份",
        ).say(lang)
    )


def sample(
    file: Annotated[Path, typer.Argument(help="The Parquet file to write.")],
    documents: Annotated[int, typer.Option(min=1, max=10_000_000, help="How many.")] = 100_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same file.")] = 1,
    lang: Language = "en",
) -> None:
    """Write made-up payments of the demo group, to try previews on."""
    with explained(lang):
        if file.suffix != ".parquet":
            raise HistoryUsage(
                "HISTORY_FORMAT",
                Text(
                    f"{file} does not end in .parquet; name it so",
                    f"{file} 不以 .parquet 结尾；请改名",
                ),
            )
        table = as_user_file(make_sample(documents, seed, demo_paths(), last=LAST))
        pq.write_table(table, file, compression="zstd")
    say(
        Text(
            f"{file}: {documents:,} made-up payments up to {LAST}",
            f"{file}：{documents:,} 笔虚构付款，截至 {LAST}",
        ).say(lang)
    )


def demo_paths() -> list[tuple[str, ...]]:
    """The demo group's organisations as codes from the root."""
    text = resources.files("api.demo").joinpath("group.yaml").read_text("utf-8")
    root = compose(text, Collector("group.yaml"))
    listed = None if root is None else root.get("organisations")
    paths: dict[str, tuple[str, ...]] = {}
    for one in listed.items if isinstance(listed, Sequence) else ():
        assert isinstance(one, Mapping)
        code, parent = one.get("id"), one.get("parent")
        assert isinstance(code, Scalar)
        above = paths[parent.value] if isinstance(parent, Scalar) else ()
        paths[code.value] = (*above, code.value)
    return sorted(paths.values())


def _name(one: MonthFile) -> str:
    return f"{one.month.kind} {one.month.subject} {one.month.first:%Y-%m}"


def _line(one: Kept) -> Text:
    name = f"{one.month.kind} {one.month.subject} {one.month.first:%Y-%m}"
    held = 0 if one.file is None else one.file.decisions
    if one.complete:
        return Text(f"{name}  {one.logged:,} decisions", f"{name}  {one.logged:,} 次决策")
    return Text(
        f"{name}  {held:,} of {one.logged:,} decisions: the next run of the job adds them",
        f"{name}  {one.logged:,} 次决策中已有 {held:,} 次：下次任务运行时补齐",
    )


def _json(one: Kept) -> dict[str, object]:
    return {
        "kind": one.month.kind,
        "subject": one.month.subject,
        "month": f"{one.month.first:%Y-%m}",
        "decisions": one.logged,
        "kept": 0 if one.file is None else one.file.decisions,
        "complete": one.complete,
    }


def _file_json(one: MonthFile) -> dict[str, object]:
    return {
        "kind": one.month.kind,
        "subject": one.month.subject,
        "month": f"{one.month.first:%Y-%m}",
        "documents": one.decisions,
    }


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Decision history for previews.")
    group.command("status")(show)
    group.command("rebuild")(rebuild)
    group.command("sample")(sample)
    app.add_typer(group, name="history")
