"""`sluice decide`: facts as JSON lines in, one decision per line out, in order."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from api.cli.rules import load_rulesets
from api.cli.say import Language, explained, say_json
from engine.base.text import Lang, SluiceError, Text
from engine.rules import (
    DecisionRefused,
    Evaluator,
    branch_params,
    compile_ruleset,
    facts_from_json,
    outcome_to_json,
)
from engine.rules.check import PathError
from engine.rules.model import Ruleset
from engine.rules.samples import BRANCH

ENGINES = ("compiled",)
"""Evaluators that `--engine` can name."""


class UsageError(SluiceError):
    """An option that cannot be taken: UNKNOWN_ENGINE, BAD_DATE."""


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
    engine: Annotated[str, typer.Option("--engine", help="Evaluator: compiled.")] = "compiled",
    lang: Language = "en",
) -> None:
    """Decide facts by a ruleset: one JSON line per fact, in order; exit 1 if one is refused.

    Without --branch a fact may name its own in "branch".
    """
    with explained(lang):
        _known_engine(engine)
        day = None if on is None else _date(on)
        rulesets, complete = load_rulesets([file], lang)
        if not complete:
            raise typer.Exit(1)
        decider = _Decider(rulesets[0], branch, day, lang)
        with _lines(facts) as lines:
            for line in lines:
                if line.strip():
                    say_json(decider.answer(line))
    if decider.refused:
        raise typer.Exit(1)


class _Decider:
    def __init__(
        self, ruleset: Ruleset, branch: str | None, day: dt.date | None, lang: Lang
    ) -> None:
        self._ruleset = ruleset
        self._branch = branch
        self._lang = lang
        self._live = day is None or _in_force(ruleset, day)
        self._day = day
        self._evaluators: dict[str, Evaluator] = {}
        self.refused = 0

    def answer(self, line: str) -> dict[str, object]:
        """The decision of one line, or the error in its place."""
        try:
            return self._decide(line)
        except SluiceError as error:
            self.refused += 1
            return {"error": {"code": error.code, "message": error.text.say(self._lang)}}

    def _decide(self, line: str) -> dict[str, object]:
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
        decision = self._evaluator(self._branch_of(given)).decide(facts)
        return outcome_to_json(self._ruleset, decision)

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


def _in_force(ruleset: Ruleset, day: dt.date) -> bool:
    last = ruleset.effective_to
    return ruleset.effective_from <= day and (last is None or day <= last)


def _known_engine(engine: str) -> None:
    if engine not in ENGINES:
        raise UsageError(
            "UNKNOWN_ENGINE",
            Text(
                f"there is no engine {engine!r}; use --engine {' or '.join(ENGINES)}",
                f"没有引擎 {engine!r}；请使用 --engine {'、'.join(ENGINES)}",
            ),
        )


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
