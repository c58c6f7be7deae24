"""What durable-rules is given keeps to what it does soundly."""

from __future__ import annotations

import json
from collections.abc import Iterator

from hypothesis import HealthCheck, given, settings

from engine.rules.rete import NotTranslatable, ReteProgram, translate
from engine.rules.rete.conditions import Json
from engine.rules.rete.translate import clash, name_hash
from tests.differential.evaluators import params_of, ruleset_of
from tests.differential.plain import Plan
from tests.differential.strategies import plans
from tests.rete.given import program

KEYS = {"$and", "$or", "$ex", "$nex", "$neq", "$lt", "$lte", "$gt", "$gte", "$m"}


def _walk(node: Json) -> Iterator[tuple[str, Json]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield key, value
            yield from _walk(value)
    elif isinstance(node, list):
        for one in node:
            yield from _walk(one)


def _keeps_to_the_sound_part(found: ReteProgram) -> None:
    for lane in found.lanes:
        rules = json.loads(lane.definition())
        assert len(rules) <= 60
        assert len(lane.fields) <= 200
        tests = 0
        for rule in rules.values():
            (frame,) = rule["all"]
            assert set(frame) == {"m"}, "a single fact, no joins"
            for key, value in _walk(frame["m"]):
                if key == "$m":
                    continue
                if key in KEYS:
                    assert key != "$or" or len(value) < 511  # type: ignore[arg-type]
                    continue
                assert key == "own" or key[0] in "ct"
                tests += 1
                assert not isinstance(value, float)
                if isinstance(value, int):
                    assert abs(value) < 2**53
                if isinstance(value, str):
                    assert len(value) <= 4_096
        assert tests <= 400


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(plans())
def test_every_table_keeps_to_the_sound_part(plan: Plan) -> None:
    ruleset = ruleset_of(plan)
    found = translate(ruleset, params_of(ruleset))
    assert isinstance(found, ReteProgram)
    _keeps_to_the_sound_part(found)


def test_a_large_table_is_cut_into_lanes() -> None:
    lines = "\n".join(f"R{at} | [{at}..{at + 9}], 500 | not(claim) => low" for at in range(1_000))
    found = program(f"id | amount | type => level\n{lines}")
    _keeps_to_the_sound_part(found)
    assert len(found.lanes) > 17
    assert [row for lane in found.lanes for row, _ in lane.rules] == list(range(1_000))


def test_every_condition_stands_behind_the_marker_of_our_own_messages() -> None:
    found = program("id | payee => level\nA | null => low\nB | - => low\nC | null, x => low")
    for rule in json.loads(found.lanes[0].definition()).values():
        condition = rule["all"][0]["m"]
        first = condition["$and"][0] if "$and" in condition else condition
        assert first == {"own": 1}


def test_a_long_list_becomes_a_field_that_is_true_or_false() -> None:
    names = ", ".join(f"b{at}" for at in range(400))
    found = program(f"id | bank => level\nA | {names} => low\nB | not({names}) => low")
    assert len(found.markers) == 2
    _keeps_to_the_sound_part(found)


def test_text_tests_and_conditions_become_fields_and_equal_ones_share_theirs() -> None:
    found = program(
        'id | payee | when => level\nA | starts("张") | amount > fee => low\n'
        'B | starts("张") | - => low\nC | not(starts("张")) | amount > fee => low'
    )
    assert sorted(found.markers) == ["t0", "t1", "t2"]


def test_field_names_that_share_a_hash_are_found() -> None:
    assert name_hash("sid") == 3_593_476_751
    assert name_hash("id") == 926_444_256
    # Two known words of equal 32-bit FNV-1a.
    assert clash(["costarring", "liquid"]) == ("costarring", "liquid")
    assert clash(["own", *(f"c{at}" for at in range(5_000))]) is None
    assert clash(["id"]) is None, "a name does not clash with itself"


def test_a_reason_is_said_in_both_languages() -> None:
    reason = NotTranslatable(program("id | amount => level\nA | - => low").ruleset.title, "A")
    refusal = reason.refusal()
    assert refusal.code == "RETE_NOT_TRANSLATABLE"
    assert refusal.text.en.startswith("no second opinion because ")
    assert refusal.text.zh.startswith("没有第二意见，原因：")
