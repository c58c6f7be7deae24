"""`sluice bank learn`: from a sample file to a draft layout, with what speaks for each guess."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from api.cli.say import Format, Language, complain, explained, say, say_json
from api.cli.until import UntilOption, day_of
from engine.base.text import Lang, SluiceError, Text
from engine.formats.learning import Learned, RoundTrip, learn, members, with_example
from engine.rules.render import finding_json

Sample = Annotated[Path, typer.Argument(help="A file of the bank, or a zip of such files.")]
Name = Annotated[str, typer.Option(help="Name of the layout, like icbc-statement.")]
Bank = Annotated[str, typer.Option(help="The bank's id.")]
Org = Annotated[str, typer.Option(help="The organisation the layout is for.")]
Out = Annotated[
    Path | None,
    typer.Option(help="Folder for the layout; the sample is kept below it in samples/."),
]


def learn_sample(
    sample: Sample,
    name: Name = "",
    bank: Bank = "",
    org: Org = "GROUP",
    out: Out = None,
    until: UntilOption = None,
    output: Format = "full",
    lang: Language = "en",
) -> None:
    """Draft a layout: columns with confidence, parsed rows beside raw ones, and what the running
    balance proves. Exit 1 when the draft does not read the whole sample."""
    with explained(lang, output):
        content = _bytes(sample)
        found, last = [], day_of(until)
        for member, raw in members(sample.name, content):
            called = name or Path(member).stem
            found.append((member, raw, learn(called, raw, bank=bank, org=org, until=last)))
    if output == "json":
        say_json([_json(member, one, lang) for member, _, one in found])
    for member, raw, one in found:
        if output != "json":
            _tell(member, one, lang)
        if out is not None:
            with explained(lang, output):
                _keep(out, member, raw, one, lang)
    if not all(one.complete for _, _, one in found):
        raise typer.Exit(1)


def _tell(member: str, one: Learned, lang: Lang) -> None:
    said = Text(
        f"{member}: {one.use.value}, {one.form.value}, names in line {one.head_line}",
        f"{member}：{one.use.value}，{one.form.value}，表头在第 {one.head_line} 行",
    )
    say(said.say(lang))
    for column in one.columns:
        shown = " · ".join(column.samples)
        say(
            f"  {column.number:>3}  {column.confidence:>3}%  {column.role or '-':<21} "
            f"{column.name}  ({column.reason})  {shown}"
        )
    if one.rule is not None:
        proven = Text(
            f"  amount rule {one.rule.rule}: the balance proves {one.rule.proven} of "
            f"{one.rule.pairs} rows"
            if one.rule.pairs
            else f"  amount rule {one.rule.rule}: no balance proves it, look at the signs below",
            f"  金额规则 {one.rule.rule}：余额验证 {one.rule.proven}/{one.rule.pairs} 行"
            if one.rule.pairs
            else f"  金额规则 {one.rule.rule}：没有余额可验证，请核对下列收支方向",
        )
        say(proven.say(lang))
    for row in one.rows[:5]:
        say(f"  {row.line}: {row.raw.strip()[:160]}")
        say("     " + "  ".join(f"{role}={cell}" for role, cell in row.read.items() if cell)[:200])
    for statement in one.statements:
        total = sum(line.signed for line in statement.lines)
        say(f"  {statement.account} {statement.currency}: {len(statement.lines)} lines, {total}")
    for left in one.left_out[:10]:
        say(f"  {left[:160]}")
    if one.round_trip is not None:
        say(f"  {_round_trip(one.round_trip).say(lang)}")
    for finding in one.findings:
        complain(f"  {finding.code} {finding.message.say(lang)}")
    for fault in one.faults[:10]:
        complain(f"  {fault.place.say(lang)}: {fault.text.say(lang)}")
    say(one.text)


def _round_trip(found: RoundTrip) -> Text:
    if found.same:
        return Text("written again it is the same, byte for byte", "重新写出与样例逐字节一致")
    return Text(
        f"written again it is not the same: {found.reason.en}",
        f"重新写出与样例不同：{found.reason.zh}",
    )


def _json(member: str, one: Learned, lang: Lang) -> dict[str, object]:
    return {
        "file": member,
        "use": one.use.value,
        "form": one.form.value,
        "encoding": one.encoding,
        "head_line": one.head_line,
        "columns": [
            {
                "number": column.number,
                "name": column.name,
                "role": column.role,
                "confidence": column.confidence,
                "reason": column.reason,
            }
            for column in one.columns
        ],
        "amount_rule": None if one.rule is None else one.rule.rule,
        "proven": None if one.rule is None else one.rule.proven,
        "pairs": None if one.rule is None else one.rule.pairs,
        "rows": [{"line": row.line, "raw": row.raw, "read": row.read} for row in one.rows],
        "lines": one.lines,
        "left_out": list(one.left_out),
        "round_trip": None if one.round_trip is None else one.round_trip.same,
        "round_trip_reason": None if one.round_trip is None else one.round_trip.reason.say(lang),
        "findings": [finding_json(finding, lang) for finding in one.findings],
        "faults": [f"{fault.place.say(lang)}: {fault.text.say(lang)}" for fault in one.faults],
        "complete": one.complete,
        "layout": one.text,
    }


def _keep(folder: Path, member: str, raw: bytes, one: Learned, lang: Lang) -> None:
    """Write layout and sample; what is there already is not overwritten."""
    called = re.search(r"^name: (\S+)$", one.text, re.MULTILINE)
    assert called is not None
    kept = folder / "samples" / f"{called[1]}{Path(member).suffix.lower()}"
    layout = folder / f"{called[1]}.yaml"
    for path in (kept, layout):
        if path.exists():
            raise SluiceError(
                "FILE_EXISTS",
                Text(
                    f"{path} is there already; choose another --name or remove it",
                    f"{path} 已存在；请用 --name 另取名称，或先移除",
                ),
            )
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(raw)
    layout.write_text(with_example(one, f"samples/{kept.name}"), "utf-8")
    say(Text(f"written: {layout}, {kept}", f"已写入：{layout}、{kept}").say(lang))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SluiceError(
            "FILE_UNREADABLE",
            Text(f"{path} cannot be read: {error}", f"无法读取 {path}：{error}"),
        ) from error


def add(group: typer.Typer) -> None:
    """Add `learn`."""
    group.command("learn")(learn_sample)
