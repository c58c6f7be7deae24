"""A new ruleset is tried in a throw-away process first: a bad one can end the process it is in."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from engine.base.text import Text
from engine.rules.rete.conditions import All, Condition, Either, Scalar, Test
from engine.rules.rete.messages import message_text
from engine.rules.rete.program import OWN, Lane, ReteProgram
from engine.rules.rete.spans import MOST

SECONDS = 20.0
"""Longest a trial may take; 5,000 rows take under two seconds."""
_SHOWN = 200


def probe(program: ReteProgram, *, seconds: float = SECONDS) -> Text | None:
    """Build and run the program in a child process; return what went wrong, or None.

    Every lane is built, and matches an empty message, one that satisfies each of its rules as far
    as constants tell, and the constants beside them. `seconds` is the longest it may take.
    """
    work = [[lane.definition(), list(_messages(lane))] for lane in program.lanes]
    child = [sys.executable, "-P", str(Path(__file__).with_name("trial.py"))]
    try:
        done = subprocess.run(
            child,
            input=json.dumps(work) + "\n",
            capture_output=True,
            encoding="utf-8",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Text(
            f"durable-rules did not finish building {program.ruleset.name} in {seconds:g} s",
            f"durable-rules 未能在 {seconds:g} 秒内构建 {program.ruleset.name}",
        )
    if done.returncode == 0 and done.stdout == "ok":
        return None
    if done.returncode < 0:
        return Text(
            f"durable-rules killed its process (signal {-done.returncode}) "
            f"on {program.ruleset.name}",
            f"durable-rules 在处理 {program.ruleset.name} 时使进程崩溃（信号 {-done.returncode}）",
        )
    last = (done.stderr.strip().splitlines() or [""])[-1][:_SHOWN]
    return Text(
        f"durable-rules does not take {program.ruleset.name}: {last}",
        f"durable-rules 不接受 {program.ruleset.name}：{last}",
    )


def _messages(lane: Lane) -> Iterator[str]:
    yield message_text({})
    for _, condition in lane.rules:
        meeting = dict(_meeting(condition))
        meeting.pop(OWN, None)
        yield message_text(meeting)
        beside: dict[str, Scalar] = {
            name: value if isinstance(value, bool | str) else min(value + 1, MOST)
            for name, value in meeting.items()
        }
        yield message_text(beside)


def _meeting(condition: Condition) -> Iterator[tuple[str, Scalar]]:
    """Yield fields and values that go towards satisfying the condition."""
    if isinstance(condition, All):
        for part in condition.parts:
            yield from _meeting(part)
    elif isinstance(condition, Either):
        if condition.parts:
            yield from _meeting(condition.parts[0])
    elif isinstance(condition, Test) and condition.op != "!=":
        yield condition.field, condition.value
