"""From a sample to a layout that reads it, at banks nobody has taught the product."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from api.cli.main import build
from engine.formats.layouts import check
from engine.formats.layouts.examples import run_examples
from engine.formats.learning import learn, members, with_example
from engine.formats.reading import FormatError
from engine.formats.statement import continuity
from tests.learning.more_samples import MORE_SAMPLES
from tests.learning.samples import SAMPLES, Sample, cmb_two_columns, merchant_zip

ALL = [*SAMPLES, *MORE_SAMPLES]


@pytest.mark.parametrize("sample", ALL, ids=lambda one: one.name)
def test_a_sample_becomes_a_layout_that_reads_every_row(sample: Sample) -> None:
    learned = learn(sample.name, sample.content)
    assert learned.complete, (learned.text, learned.findings, learned.faults)
    (statement,) = learned.statements
    assert [one.signed for one in statement.lines] == list(sample.signed), learned.text
    assert statement.opening == sample.opening
    if sample.opening is not None:
        assert continuity(statement, None) == ()
        assert learned.rule is not None
        assert learned.rule.proven == len(sample.signed) - 1


@pytest.mark.parametrize("sample", ALL, ids=lambda one: one.name)
def test_columns_get_the_roles_they_have(sample: Sample) -> None:
    found = {one.name.strip('="'): one.role for one in learn(sample.name, sample.content).columns}
    assert {name: found[name] for name in sample.roles} == sample.roles


@pytest.mark.parametrize("sample", ALL, ids=lambda one: one.name)
def test_the_sample_is_kept_as_an_example_that_holds(sample: Sample) -> None:
    text = with_example(learn(sample.name, sample.content), "samples/x")
    assert check(text, "x.yaml") == []
    assert run_examples(text, "x.yaml", lambda _: sample.content) == (1, [])


def test_a_day_that_can_be_read_both_ways_is_said_to_be_unsure() -> None:
    rows = ["03/04/2026,a,1.00", "04/05/2026,b,2.00"]
    (day, *_) = learn("x", "\n".join(["Date,Description,Amount", *rows]).encode()).columns
    assert (day.role, "other way" in day.reason) == ("booking_date", True)
    assert day.confidence < 50
    # Only the day first lets these stand in order.
    rows = ["28/02/2026,a,1.00", "01/03/2026,b,2.00", "12/03/2026,c,3.00"]
    learned = learn("x", "\n".join(["Date,Description,Amount", *rows]).encode())
    assert [one.booking_date.month for one in learned.statements[0].lines] == [2, 3, 3]


def test_marks_that_nobody_knows_are_learned_from_the_balance() -> None:
    rows = ["20260701,100.00,1,1100.00", "20260702,5.00,0,1095.00", "20260703,7.00,1,1102.00"]
    for sample in (rows, rows[::-1], rows[:2]):
        text = "\n".join(["交易日期,交易金额,借贷标志,账户余额", *sample])
        learned = learn("x", text.encode())
        assert learned.complete
        assert [one.signed for one in learned.statements[0].lines] == [10000, -500, 700][
            : len(sample)
        ]


@pytest.mark.parametrize(
    "day",
    [
        "2026年07月%02d日 10:11:12",
        "２０２６－０７－%02d",
        "Jul %d, 2026",
        "%02d-JUL-2026",
        "2026-07-%02dT10:00:00+08:00",
        "2026-07-%02d-10.11.12.123456",
        "2026/7/%d 9:05",
    ],
)
def test_days_however_they_are_written(day: str) -> None:
    rows = [f'"{day % at}",a,{at}.00' for at in (1, 13, 28)]
    learned = learn("x", "\n".join(["交易日期,摘要,交易金额", *rows]).encode())
    assert learned.complete, learned.faults
    assert [one.booking_date.day for one in learned.statements[0].lines] == [1, 13, 28]


def test_whether_the_draft_writes_its_sample_again_is_said_with_the_reason() -> None:
    head, rows = "Date,Description,Amount", ["2026-11-02,a,1.00", "2026-11-03,b,-2.50"]
    same = learn("x", "\n".join([head, *rows, ""]).encode()).round_trip
    assert same is not None
    assert same.same
    for text, said in (
        ([head, rows[0], '2026-11-03,b,"-1,002.50"', ""], "line 3"),
        ([f"{head},Colour", *(f"{one},red" for one in rows), ""], "Colour"),
        ([head, *rows, "Total", ""], "around"),
    ):
        other = learn("x", "\n".join(text).encode()).round_trip
        assert other is not None
        assert (other.same, said in other.reason.en) == (False, True), other


def test_lines_that_are_no_bookings_are_told() -> None:
    learned = learn("cmb", cmb_two_columns().content)
    assert len(learned.left_out) == 3
    assert any("收入合计" in one for one in learned.left_out)


def test_a_row_that_the_balance_refutes_is_a_fault_with_its_line() -> None:
    good = cmb_two_columns().content
    learned = learn("cmb", good.replace(b'"1,200.45"', b'"1,200.46"'))
    assert [one.code for one in learned.faults] == ["BALANCE_CHAIN"]


ORDER = (
    "序号,收款方账号,收款方户名,金额,汇款用途\n"
    "1,6222021001000001,王伟,100.00,赔款\n2,6222021001000002,李四,5.50,\n"
)


def test_payment_orders_and_return_files_are_learned_too() -> None:
    order = learn("order", ORDER.encode())
    assert order.use.value == "payment_order"
    assert order.complete, order.findings
    back = learn("back", ORDER.replace("汇款用途", "处理状态").replace("赔款", "成功").encode())
    assert back.use.value == "payment_return"
    assert back.complete, (back.findings, back.faults)
    # What a code means is for a person to say: a sample cannot.
    assert '"成功": unknown, else: unknown' in back.text


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "SAMPLE_EMPTY"),
        (b"one line of words", "NO_TABLE"),
        (b"\x00\x01\x02" * 50, "NO_TABLE"),
        (b"a,b,c\n1,2,3\n4,5,6\n", "NO_TABLE"),
        ("交易日期,摘要,余额\nxx,yy,zz\nxx,yy,zz\n".encode(), "NO_AMOUNT"),
        (b"A" * 60 + b"\n" + b"B" * 60 + b"\n", "NO_TABLE"),
    ],
)
def test_what_cannot_be_learned_is_refused_with_the_reason(content: bytes, code: str) -> None:
    with pytest.raises(FormatError) as caught:
        learn("x", content)
    assert caught.value.code == code


def test_bills_in_a_zip_are_learned_one_by_one() -> None:
    found = members("bills.zip", merchant_zip())
    assert [name for name, _ in found] == ["bill-1.csv", "bill-2.csv"]
    assert all(learn(name, content).complete for name, content in found)


def _zip(*entries: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    "bad",
    [
        _zip(("../../etc/passwd", b"x")),
        _zip(("bomb.csv", b"0" * 5_000_000)),
        _zip(*((f"{n}.csv", b"x") for n in range(60))),
        _zip(("inner.zip", b"PK")),
        _zip(("a.csv", b"hello"))[:40],
    ],
)
def test_zips_that_are_too_much_are_refused(bad: bytes) -> None:
    with pytest.raises(FormatError) as caught:
        members("x.zip", bad)
    assert caught.value.code == "ZIP"


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_no_changed_sample_crashes_learning(data: st.DataObject) -> None:
    good = data.draw(st.sampled_from([one for one in SAMPLES if one.name != "psbc"])).content
    place = data.draw(st.integers(0, len(good)))
    bad = good[:place] + data.draw(st.binary(max_size=30)) + good[place + 5 :]
    try:
        learned = learn("x", bad)
    except FormatError as error:
        assert error.text.zh  # noqa: PT017 - any outcome but a crash
    else:
        assert learned.text


def test_the_command_writes_layout_and_sample_once(tmp_path: Path) -> None:
    sample = tmp_path / "liushui.csv"
    sample.write_bytes(cmb_two_columns().content)
    runner, app = CliRunner(), build("bank")
    asked = ["bank", "learn", str(sample), "--name", "cmb-statement", "--bank", "cmb"]
    done = runner.invoke(app, [*asked, "--out", str(tmp_path / "layouts")])
    assert done.exit_code == 0, done.output
    assert "the balance proves 9 of 9 rows" in done.output
    kept = tmp_path / "layouts"
    assert (kept / "samples" / "cmb-statement.csv").read_bytes() == sample.read_bytes()
    assert runner.invoke(app, ["bank", "check", str(kept)]).exit_code == 0
    assert runner.invoke(app, [*asked, "--out", str(kept)]).exit_code == 2
    said = json.loads(runner.invoke(app, [*asked, "--format", "json"]).stdout)
    assert (said[0]["proven"], said[0]["complete"]) == (9, True)
