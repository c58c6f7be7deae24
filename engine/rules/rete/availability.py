"""Whether durable-rules can be used here, and if not, why."""

from __future__ import annotations

import importlib
import sys
from functools import cache
from typing import Protocol, cast

from engine.base.text import Text


class EngineModule(Protocol):
    """What is used of the C module `durable_rules_engine`."""

    error: type[Exception]

    def create_ruleset(self, name: str, definition: str) -> int:
        """Compile a definition (JSON) and return its handle."""

    def delete_ruleset(self, handle: int) -> None:
        """Free a ruleset whose states are gone."""

    def assert_fact(self, handle: int, message: str) -> tuple[int, int]:
        """Match one message; return (0 = handled, offset of the state)."""

    def retract_fact(self, handle: int, message: str) -> tuple[int, int]:
        """Forget one message."""

    def start_action_for_state(self, handle: int, state: int) -> tuple[str, str] | None:
        """Return the state and the first rule that fired, or None."""

    def complete_and_start_action(self, handle: int, state: int) -> str | None:
        """Return the next rule that fired, or None."""

    def delete_state(self, handle: int, sid: str | None) -> None:
        """Free a state that exists."""


def unavailable() -> Text | None:
    """Return why there is no second opinion on this machine, or None where durable-rules runs."""
    if sys.version_info >= (3, 13):
        return Text(
            "durable-rules has no version for Python 3.13 and later; "
            "run the monitor on Python 3.11 or 3.12",
            "durable-rules 不支持 Python 3.13 及以上版本；请在 Python 3.11 或 3.12 上运行监控进程",
        )
    try:
        engine_module()
    except ImportError as error:
        return Text(
            f"durable-rules cannot be loaded ({error}); install sluicegate[rete], "
            "which needs a C compiler and Python's headers",
            f"无法加载 durable-rules（{error}）；请安装 sluicegate[rete]，"
            "安装时需要 C 编译器和 Python 头文件",
        )
    return None


@cache
def engine_module() -> EngineModule:
    """Return the C module. ImportError where it is not installed or was built for another Python.

    The package `durable` around it is not imported: its Host starts timer threads that never end.
    """
    return cast("EngineModule", importlib.import_module("durable_rules_engine"))
