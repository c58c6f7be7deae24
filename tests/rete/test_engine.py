"""The driver: memory is freed, errors leave nothing behind, threads take turns."""

from __future__ import annotations

import resource
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from engine.rules.rete import NoSecondOpinion, ReteEvaluator, build_rete, probe
from engine.rules.rete.availability import engine_module
from engine.rules.rete.program import Lane
from tests.rete.given import needs_durable, program
from tests.rules.given import SAMPLE, ruleset

pytestmark = needs_durable

TABLE = "id | amount | type => level\nA | < 100 | - => low\nB | - | claim => high"


def test_a_retired_evaluator_answers_no_more_and_may_be_retired_again() -> None:
    evaluator = build_rete(ruleset(TABLE, policy="collect"), {})
    evaluator.retire()
    evaluator.retire()
    with pytest.raises(NoSecondOpinion) as caught:
        evaluator.rows(SAMPLE)
    assert caught.value.code == "RETE_RETIRED"


def test_reloading_a_ruleset_does_not_keep_its_memory() -> None:
    lines = "\n".join(f"R{at} | [{at}..{at + 5}] | not(claim) => low" for at in range(100))
    many = program(f"id | amount | type => level\n{lines}")

    def reload(times: int) -> None:
        for _ in range(times):
            evaluator = ReteEvaluator(many)
            evaluator.rows(SAMPLE)
            evaluator.retire()

    reload(5)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reload(40)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    unit = 1 if sys.platform == "darwin" else 1024
    assert grown * unit < 20 * 1024 * 1024


def test_no_thread_is_started() -> None:
    before = threading.active_count()
    build_rete(ruleset(TABLE, policy="collect"), {}).retire()
    assert threading.active_count() == before


def test_threads_take_turns() -> None:
    evaluator = build_rete(ruleset(TABLE, policy="collect"), {})

    def ask(at: int) -> bool:
        amount = 20_000 if at % 2 else 5_000
        wanted = ("B",) if at % 2 else ("A", "B")
        return evaluator.rows({**SAMPLE, "amount": amount}) == wanted

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(400)))
    evaluator.retire()


def _failing_once(real: Callable[[int, str], tuple[int, int]]) -> Callable[..., tuple[int, int]]:
    failed: list[bool] = []

    def assert_fact(handle: int, message: str) -> tuple[int, int]:
        found = real(handle, message)
        if not failed and '"c0"' in message:
            failed.append(True)
            raise engine_module().error("error code: 303")
        return found

    return assert_fact


def test_after_an_error_the_rules_are_built_again_and_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    evaluator = build_rete(ruleset(TABLE, policy="collect"), {})
    module = engine_module()
    monkeypatch.setattr(module, "assert_fact", _failing_once(module.assert_fact))
    with pytest.raises(NoSecondOpinion) as caught:
        evaluator.rows({**SAMPLE, "amount": 5_000})
    assert caught.value.code == "RETE_ENGINE"
    # What the first message had matched must not fire under the second.
    assert evaluator.rows({**SAMPLE, "amount": 20_000, "type": "refund"}) == ()
    assert evaluator.rows({**SAMPLE, "amount": 5_000}) == ("A", "B")
    evaluator.retire()


def test_a_sound_program_passes_its_trial() -> None:
    assert probe(program(TABLE)) is None


def _with_lane(monkeypatch: pytest.MonkeyPatch, definition: str) -> None:
    monkeypatch.setattr(Lane, "definition", lambda self: definition)


def test_a_definition_the_engine_refuses_fails_its_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = program(TABLE)
    _with_lane(monkeypatch, '{"z": {"all": [{"m": {"$and": 5}}]}}')
    trouble = probe(tried)
    assert trouble is not None
    assert "a-trial" in trouble.en
    assert "a-trial" in trouble.zh


def test_a_definition_that_kills_or_never_ends_takes_only_the_child(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = program(TABLE)
    # More alternatives than the engine has places for: it never finishes.
    terms = ", ".join(f'{{"c0": {at}}}' for at in range(2_000))
    _with_lane(monkeypatch, f'{{"z": {{"all": [{{"m": {{"$or": [{terms}]}}}}]}}}}')
    trouble = probe(tried, seconds=1)
    assert trouble is not None
    assert "did not finish" in trouble.en or "killed its process" in trouble.en


def test_where_the_engine_is_missing_the_reason_is_the_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = program(TABLE)
    monkeypatch.setattr(sys, "version_info", (3, 13, 0, "final", 0))
    with pytest.raises(NoSecondOpinion) as caught:
        ReteEvaluator(replace(found))
    assert caught.value.code == "RETE_UNAVAILABLE"
    assert "3.13" in caught.value.text.en
    assert "3.13" in caught.value.text.zh
