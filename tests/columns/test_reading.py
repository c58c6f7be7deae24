"""Arrow tables as facts: typed history, users' tables, and everything that is refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.rules import DecisionRefused, compile_ruleset, facts_from_json
from engine.rules.columns import (
    CURRENCY_KEY,
    TYPE_KEY,
    FactColumns,
    HistoryRefused,
    read_facts,
)
from engine.rules.model import Duration, Ruleset
from tests.columns.arrow import typed, written
from tests.columns.given import check
from tests.columns.test_tables import compiled, documents
from tests.rules.given import ruleset

EVERY = """\
id | amount | fee | days | rate | type | payee | urgent | due | booked | at | age => text
A | > 0 | <= amount | - | 5% | claim | starts("张") | true | >= booked | - | - | - => "{payee}{fee}"
B | - | - | >= 1 | - | not(claim) | null | - | - | null | < 16:30 | >= 1d => "{age} {due}"
C | 1 | - | - | - | - | - | - | - | - | - | - => x"""


def only(column: str, cell: str = "-") -> Ruleset:
    """A ruleset that reads one column."""
    return ruleset(f"id | {column} => code\nA | {cell} => x")


def facts(column: str, values: object, type_: pa.DataType | None = None) -> list[object]:
    """The facts read from one column of a table."""
    array = values if isinstance(values, pa.Array) else pa.array(values, type_)
    found = read_facts(pa.table({column: array}), only(column)).column(column)
    return [found.value(at) for at in range(len(array))]


def refused(table: pa.Table, *columns: str) -> HistoryRefused:
    """The refusal of a table."""
    names = " | ".join(columns)
    cells = " | ".join("-" for _ in columns)
    with pytest.raises(HistoryRefused) as caught:
        read_facts(table, ruleset(f"id | {names} => code\nA | {cells} => x"))
    return caught.value


class TestUsersTables:
    @pytest.mark.parametrize("small", [True, False])
    @pytest.mark.parametrize("count", [0, 1, 64, 65, 300])
    def test_texts_decide_as_typed_facts_do(self, count: int, small: bool) -> None:
        evaluator = compiled(EVERY)
        some = [{**one, "rate": Decimal("0.05")} for one in documents(count, small)]
        clean = [{**one, "payee": _normal(one["payee"])} for one in some]
        table = written(evaluator.ruleset, some)
        check(evaluator, clean, read_facts(table, evaluator.ruleset))
        coded = pa.table({n: table[n].dictionary_encode() for n in evaluator.ruleset.facts})
        check(evaluator, clean, read_facts(coded, evaluator.ruleset))

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def test_any_text_is_read_as_the_border_reads_it(self, data: st.DataObject) -> None:
        column = data.draw(st.sampled_from(["amount", "days", "rate", "due", "at", "age", "payee"]))
        number = st.builds(
            "{}{}{}".format,
            st.sampled_from(["", "-", "+", " ", "0"]),
            st.integers(0, 10**40).map(str) | st.integers(0, 2**64).map(str) | st.just("９２"),
            st.sampled_from(["", ".5", ".25", ".00", ".125", ".", "万", "k", "%", "1e3", " \n"]),
        )
        text = st.sampled_from(["", " ", "2026-02-28", "16:30", "3d 4h", "张　三", "2026-02-30"])
        texts = data.draw(st.lists(number | text | st.none(), min_size=1, max_size=5))
        reading = only(column)
        wanted: list[object] = []
        wrong = 0
        for one in texts:
            try:
                wanted.append(facts_from_json(reading, {column: one}).get(column))
            except DecisionRefused:
                wrong += 1
        table = pa.table({column: pa.array(texts, pa.string())})
        if not wrong:
            found = read_facts(table, reading).column(column)
            assert [found.value(at) for at in range(len(texts))] == wanted
            return
        with pytest.raises(HistoryRefused) as caught:
            read_facts(table, reading)
        assert [(one.code, one.documents) for one in caught.value.problems] == [
            ("HISTORY_VALUE", wrong)
        ]

    @pytest.mark.parametrize(
        ("column", "values", "type_", "wanted"),
        [
            ("amount", [1, None, -3], pa.int64(), [100, None, -300]),
            ("amount", [2**62], pa.int64(), [2**62 * 100]),
            ("amount", [2**64 - 1], pa.uint64(), [(2**64 - 1) * 100]),
            ("amount", [Decimal("1.500"), None], pa.decimal128(10, 3), [150, None]),
            ("amount", [Decimal(10**37), Decimal(1)], pa.decimal128(38, 0), [10**39, 100]),
            ("amount", [Decimal(10**50)], pa.decimal256(60, 0), [10**52]),
            ("amount", ["9" * 60, "1", None], pa.string(), [int("9" * 60) * 100, 100, None]),
            ("amount", ["1"], pa.large_string(), [100]),
            ("amount", ["1", "５万"], pa.string_view(), [100, 5_000_000]),
            ("days", [1, None], pa.int8(), [1, None]),
            ("days", [Decimal(7)], pa.decimal128(10, 0), [7]),
            ("rate", [Decimal("0.0500")], pa.decimal128(10, 4), [Decimal("0.05")]),
            ("rate", [1], pa.int32(), [Decimal(1)]),
            ("urgent", [True, None], pa.bool_(), [True, None]),
            ("due", [dt.date(1, 1, 1), None], pa.date32(), [dt.date(1, 1, 1), None]),
            ("due", [dt.date(2026, 1, 1)], pa.date64(), [dt.date(2026, 1, 1)]),
            ("due", ["9999-12-31", ""], pa.string(), [dt.date.max, None]),
            ("at", [dt.time(1, 2, 3), None], pa.time64("us"), [dt.time(1, 2, 3), None]),
            ("payee", ["Ａ ", "A", "", None], pa.string(), ["A", "A", None, None]),
            ("payee", [None, None], pa.null(), [None, None]),
        ],
    )
    def test_arrow_types_that_are_exact_are_taken(
        self, column: str, values: list[object], type_: pa.DataType, wanted: list[object]
    ) -> None:
        assert facts(column, values, type_) == wanted

    def test_chunks_and_slices_are_read_from_their_places(self) -> None:
        array = pa.chunked_array([["x", "1.01", "2"], ["3", "1e3"], ["４"]]).slice(1, 3)
        table = pa.table({"amount": array})
        found = read_facts(table, only("amount")).column("amount")
        assert [found.value(at) for at in range(3)] == [101, 200, 300]
        exact = pc.cast(pa.array(["7", "1.01", "2"]), pa.decimal128(38, 2)).slice(1)
        assert facts("amount", exact) == [101, 200]

    def test_dictionaries_of_chunks_are_brought_together(self) -> None:
        chunks = [pa.array(["a", "b"]).dictionary_encode(), pa.array(["b"]).dictionary_encode()]
        table = pa.table({"payee": pa.chunked_array(chunks)})
        found = read_facts(table, only("payee")).column("payee")
        assert [found.value(at) for at in range(3)] == ["a", "b", "b"]


class TestTypedHistory:
    @pytest.mark.parametrize("small", [True, False])
    @pytest.mark.parametrize("count", [0, 1, 64, 65, 300])
    def test_recorded_facts_decide_as_they_did(self, count: int, small: bool) -> None:
        evaluator = compiled(EVERY)
        some = [
            # Durations are recorded as seconds, not as they were written.
            {**one, "rate": Decimal("0.05"), "age": Duration(86_400, "1d")}
            for one in documents(count, small)
        ]
        check(evaluator, some, read_facts(typed(evaluator.ruleset, some), evaluator.ruleset))

    @pytest.mark.parametrize(
        ("column", "array", "metadata", "code"),
        [
            ("amount", pa.array([1]), {TYPE_KEY: b"int"}, "HISTORY_TYPE"),
            ("amount", pa.array([1.5]), {TYPE_KEY: b"money"}, "HISTORY_TYPE"),
            ("amount", pa.array(["1"]), {TYPE_KEY: b"money"}, "HISTORY_TYPE"),
            (
                "amount",
                pa.array([1]),
                {TYPE_KEY: b"money", CURRENCY_KEY: b"USD"},
                "HISTORY_CURRENCY",
            ),
            ("due", pa.array([3_000_000], pa.date32()), {TYPE_KEY: b"date"}, "HISTORY_VALUE"),
            ("payee", pa.array([1]), {TYPE_KEY: b"text"}, "HISTORY_TYPE"),
        ],
    )
    def test_a_field_that_is_not_what_it_says_is_refused(
        self, column: str, array: pa.Array, metadata: dict[bytes, bytes], code: str
    ) -> None:
        field = pa.field(column, array.type, metadata=metadata)
        error = refused(pa.table([array], schema=pa.schema([field])), column)
        assert error.code == code

    def test_a_nullable_column_may_be_absent(self) -> None:
        found = read_facts(pa.table({"x": [1, 2]}), only("payee"))
        assert isinstance(found, FactColumns)
        assert (found.rows, found.column("payee").value(1)) == (2, None)


class TestRefusals:
    def test_all_problems_are_told_with_their_reach_and_remedy(self) -> None:
        table = pa.table(
            {
                "amount": ["1", "1.234", "5x", "5x"],
                "rate": [0.5, 0.5, 0.5, 0.5],
                "type": [1, 2, 3, 4],
            }
        )
        error = refused(table, "amount", "days", "rate", "type")
        assert [(one.code, one.column, one.documents) for one in error.problems] == [
            ("HISTORY_VALUE", "amount", 3),
            ("HISTORY_COLUMN_MISSING", "days", 4),
            ("HISTORY_FLOAT", "rate", 4),
            ("HISTORY_TYPE", "type", 4),
        ]
        assert error.code == "HISTORY_VALUE"
        assert error.text.en.splitlines()[0] == (
            "amount (3 of 4 documents, 75.0%): 1.234 has more decimals than CNY has (2); round it "
            "to the currency's smallest unit; '5x' is not an amount; write it like 50_000, "
            "1234.56, 50k, 1.5m, 5万 or 1.2亿"
        )
        assert "4 份单据中的 3 份" in error.text.zh
        assert all("；" in line for line in error.text.zh.splitlines())

    def test_a_column_that_stands_twice_is_refused(self) -> None:
        table = pa.table([pa.array(["1"]), pa.array(["2"])], names=["amount", "amount"])
        assert refused(table, "amount").code == "HISTORY_COLUMN_TWICE"

    @pytest.mark.parametrize(
        ("column", "array"),
        [
            ("amount", pa.array([True])),
            ("days", pa.array([b"1"])),
            ("urgent", pa.array([1])),
            ("due", pa.array([dt.datetime(2026, 1, 1)])),  # noqa: DTZ001 - as a file has it
            ("age", pa.array([1])),
            ("payee", pa.array([["a"]])),
        ],
    )
    def test_arrow_types_that_could_be_misread_are_refused(
        self, column: str, array: pa.Array
    ) -> None:
        assert refused(pa.table({column: array}), column).code == "HISTORY_TYPE"

    def test_wrong_values_that_no_document_has_are_no_problem(self) -> None:
        array = pa.DictionaryArray.from_arrays(pa.array([0, 0]), pa.array(["true", "maybe"]))
        assert facts("urgent", array) == [True, True]

    def test_few_of_many_are_not_called_none(self) -> None:
        table = pa.table({"amount": ["x", *["1"] * 1_999]})
        assert "<0.1%" in refused(table, "amount").text.en


def _normal(value: object) -> str | None:
    return None if not value else str(value).replace("ＡＢ", "AB")


def test_lenient_evaluators_take_missing_facts_as_null() -> None:
    evaluator = compile_ruleset(only("amount", "> 1"), {}, lenient=True)
    table = pa.table({"amount": pa.array(["2", None])})
    check(evaluator, [{"amount": 200}, {}], read_facts(table, evaluator.ruleset))
