"""One lane in the C module: an own small driver instead of the package's Host.

Nothing but single facts is asserted, each is retracted before the next, and rules have no
actions: what fired is read back by name. The caller holds the lock.
"""

from __future__ import annotations

from engine.rules.rete.availability import EngineModule, engine_module
from engine.rules.rete.messages import message_text
from engine.rules.rete.program import Lane
from engine.rules.rete.refusals import NoSecondOpinion, no_opinion


class LaneEngine:
    """A lane as a durable ruleset with one state."""

    def __init__(self, lane: Lane) -> None:
        self._engine: EngineModule = engine_module()
        self._definition = lane.definition()
        self._handle: int | None = None
        self._build()

    def _build(self) -> None:
        self._handle = None
        try:
            self._handle = self._engine.create_ruleset("lane", self._definition)
            # A state that never fired cannot be freed.
            self._fired(self._handle, message_text({}))
        except self._engine.error as error:
            raise _broken(error) from None

    def rows(self, message: str) -> set[int]:
        """Return the rows whose conditions the message satisfies.

        Raises NoSecondOpinion RETE_ENGINE; the lane has then been built again, because what an
        error leaves half done would fire under the next message.
        """
        if self._handle is None:
            self._build()
        handle = self._handle
        if handle is None:
            raise AssertionError("a lane that was built has a handle")
        try:
            return self._fired(handle, message)
        except self._engine.error as error:
            self._handle = None
            self._free(handle)
            self._build()
            raise _broken(error) from None

    def _fired(self, handle: int, message: str) -> set[int]:
        code, state = self._engine.assert_fact(handle, message)
        if code:
            raise self._engine.error(f"a message was not taken, code {code}")
        first = self._engine.start_action_for_state(handle, state)
        fired = None if first is None else first[1]
        names: set[str] = set()
        while fired:
            names.add(fired.split('"', 2)[1])
            fired = self._engine.complete_and_start_action(handle, state)
        self._engine.retract_fact(handle, message)
        if "z" not in names:
            raise self._engine.error("a message did not reach every rule")
        return {int(name[1:]) for name in names if name != "z"}

    def retire(self) -> None:
        """Free the state, then the ruleset."""
        handle, self._handle = self._handle, None
        if handle is not None:
            self._engine.delete_state(handle, None)
            self._free(handle)

    def _free(self, handle: int) -> None:
        try:
            self._engine.delete_ruleset(handle)
        except self._engine.error as error:
            raise _broken(error) from None


def _broken(error: Exception) -> NoSecondOpinion:
    return no_opinion(
        "RETE_ENGINE",
        f"durable-rules reported: {error}; the rules have been built again",
        f"durable-rules 报错：{error}；规则已重新构建",
    )
