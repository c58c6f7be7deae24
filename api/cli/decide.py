"""`sluice decide`: facts as JSON lines in, one decision per line out, in order."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from api.cli.rules import load_rulesets
from api.cli.say import Language, explained, say_json
from engine.base.text import Lang, SluiceError, Text
from engine.rules import (
    Decision,
    DecisionRefused,
    Evaluator,
    FactValue,
    branch_params,
    compile_ruleset,
    facts_from_json,
    outcome_to_json,
)
from engine.rules.check import PathError
from engine.rules.extending import in_force
from engine.rules.model import Ruleset
from engine.rules.rete import build_rete, unavailable
from engine.rules.samples import BRANCH

Facts = Mapping[str, FactValue]
Answer = Decision | SluiceError
Engine = Callable[[Evaluator, Sequence[Facts]], Iterable[Answer]]
"""Decides some facts by one ruleset, each as the compiled evaluator would."""

BATCH = 20_000
"""Lines that engines other than the compiled one are given together."""


def _compiled(evaluator: Evaluator, facts: Sequence[Facts]) -> Iterator[Answer]:
    for one in facts:
        try:
            yield evaluator.decide(one)
        except DecisionRefused as refused:
            yield refused


def _columns(evaluator: Evaluator, facts: Sequence[Facts]) -> Iterator[Answer]:
    # numpy and Arrow take longer to start than the compiled engine takes for most files.
    from engine.rules.columns import ColumnsEvaluator, facts_of

    decided = ColumnsEvaluator(evaluator).decide(facts_of(evaluator.ruleset, facts))
    return (decided.decisions[code] for code in decided.codes)


def _rete(evaluator: Evaluator, facts: Sequence[Facts]) -> Iterator[Answer]:
    second = build_rete(evaluator.ruleset, evaluator.params)
    try:
        for one in facts:
            try:
                yield second.decide(one)
            except SluiceError as refused:
                yield refused
    finally:
        second.retire()


ENGINES: Mapping[str, Engine] = {"compiled": _compiled, "columns": _columns, "rete": _rete}
"""Evaluators that `--engine` can name."""


class UsageError(SluiceError):
    """An option that cannot be taken: UNKNOWN_ENGINE, ENGINE_UNAVAILABLE, BAD_DATE."""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("decide")(decide_facts)


def decide_facts(
    file: Annotated[Path, typer.Argument(help="The ruleset.")],
    facts: Annotated[str, typer.Option("--facts", help="Facts as JSON lines; - is stdin.")],
    branch: Annotated[
        str | None, typer.Option("--branch", help="Organisation whose parameters hold.")
    ] = None,
    on: Annotated[
        str | None, typer.Option("--on", help="Business date the ruleset must be in force on.")
    ] = None,
    engine: Annotated[
        str, typer.Option("--engine", help="Evaluator: compiled, columns, rete.")
    ] = "compiled",
    lang: Language = "en",
) -> None:
    """Decide facts by a ruleset: one JSON line per fact, in order; exit 1 if one is refused.

    Without --branch a fact may name its own in "branch".
    """
    with explained(lang):
        decide = _engine_named(engine)
        day = None if on is None else _date(on)
        rulesets, complete = load_rulesets([file], lang, day)
        if not complete:
            raise typer.Exit(1)
        decider = _Decider(rulesets[0], decide, branch, day, lang)
        with _lines(facts) as lines:
            written = (line for line in lines if line.strip())
            while batch := list(islice(written, 1 if decide is _compiled else BATCH)):
                for answer in decider.answers(batch):
                    say_json(answer)
    if decider.refused:
        raise typer.Exit(1)


class _Decider:
    def __init__(
        self,
        ruleset: Ruleset,
        engine: Engine,
        branch: str | None,
        day: dt.date | None,
        lang: Lang,
    ) -> None:
        self._ruleset = ruleset
        self._engine = engine
        self._branch = branch
        self._lang = lang
        self._live = day is None or in_force(ruleset, day)
        self._day = day
        self._evaluators: dict[str, Evaluator] = {}
        self.refused = 0

    def answers(self, lines: Sequence[str]) -> list[dict[str, object]]:
        """The decision of each line, or the error in its place."""
        found: list[dict[str, object]] = [{} for _ in lines]
        waiting: dict[Evaluator, tuple[list[int], list[Facts]]] = {}
        for at, line in enumerate(lines):
            try:
                evaluator, facts = self._read(line)
            except SluiceError as error:
                found[at] = self._error(error)
                continue
            places, several = waiting.setdefault(evaluator, ([], []))
            places.append(at)
            several.append(facts)
        for evaluator, (places, several) in waiting.items():
            for at, answer in zip(places, self._engine(evaluator, several), strict=True):
                if isinstance(answer, SluiceError):
                    found[at] = self._error(answer)
                else:
                    found[at] = outcome_to_json(self._ruleset, answer)
        return found

    def _error(self, error: SluiceError) -> dict[str, object]:
        self.refused += 1
        return {"error": {"code": error.code, "message": error.text.say(self._lang)}}

    def _read(self, line: str) -> tuple[Evaluator, Facts]:
        if not self._live:
            raise DecisionRefused(
                "NOT_IN_FORCE",
                Text(
                    f"{self._ruleset.name} {self._ruleset.version} is not in force on {self._day}; "
                    "the matter waits",
                    f"{self._ruleset.name} 版本 {self._ruleset.version} 在 {self._day} 未生效；"
                    "该事项等待处理",
                ),
            )
        try:
            given = json.loads(line)
        except (ValueError, RecursionError):
            raise DecisionRefused(
                "FACT_UNREADABLE",
                Text(
                    "this line is not JSON; write one object of names and values per line",
                    "此行不是 JSON；请每行写一个对象（名称与值）",
                ),
            ) from None
        facts = facts_from_json(self._ruleset, given)
        return self._evaluator(self._branch_of(given)), facts

    def _branch_of(self, given: dict[str, object]) -> str:
        branch = self._branch if self._branch is not None else given.get(BRANCH)
        if branch is None or isinstance(branch, str):
            return branch or ""
        raise DecisionRefused(
            "FACT_TYPE",
            Text(
                "branch must be the name of an organisation, written as a string",
                "branch 应为以字符串书写的机构代码",
            ),
        )

    def _evaluator(self, branch: str) -> Evaluator:
        """Without an organisation tree the path is the ruleset's own organisation, the branch."""
        own = branch if branch in self._ruleset.overrides else ""
        if own not in self._evaluators:
            params = branch_params(self._ruleset, (self._ruleset.scope_org, own))
            self._evaluators[own] = compile_ruleset(self._ruleset, params)
        return self._evaluators[own]


def _engine_named(engine: str) -> Engine:
    if engine not in ENGINES:
        raise UsageError(
            "UNKNOWN_ENGINE",
            Text(
                f"there is no engine {engine!r}; use --engine {' or '.join(ENGINES)}",
                f"没有引擎 {engine!r}；请使用 --engine {'、'.join(ENGINES)}",
            ),
        )
    why_not = unavailable() if engine == "rete" else None
    if why_not is not None:
        raise UsageError("ENGINE_UNAVAILABLE", why_not)
    return ENGINES[engine]


def _date(written: str) -> dt.date:
    try:
        if len(written) == len("2026-12-01"):
            return dt.date.fromisoformat(written)
    except ValueError:
        pass  # a date the calendar does not have; the sentence below says what to write
    raise UsageError(
        "BAD_DATE",
        Text(
            f"{written!r} is not a date; write --on 2026-12-01",
            f"{written!r} 不是日期；请写 --on 2026-12-01",
        ),
    )


@contextmanager
def _lines(source: str) -> Iterator[Iterator[str]]:
    """The lines of a UTF-8 file, or of stdin. Raises PathError."""
    if source == "-":
        yield _decoded(sys.stdin.buffer, "stdin")
        return
    path = Path(source)
    if not path.is_file():
        raise PathError(
            "PATH_MISSING",
            Text(
                f"{source} is no file; name a file of facts", f"{source} 不是文件；请指定事实文件"
            ),
        )
    with path.open("rb") as file:
        yield _decoded(file, source)


def _decoded(file: BinaryIO, name: str) -> Iterator[str]:
    for number, line in enumerate(file, 1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise PathError(
                "UNREADABLE",
                Text(
                    f"{name}:{number}: this is not UTF-8; save the facts as UTF-8 text",
                    f"{name}:{number}：不是 UTF-8；请将事实另存为 UTF-8 文本",
                ),
            ) from None
