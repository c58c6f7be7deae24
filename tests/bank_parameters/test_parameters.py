"""A parameter of a bank is in force for everything that leaves after it, and for nothing before."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from engine.banks.parameters import ROOT, BankSettings, Setting
from engine.banks.profile import load_profile
from engine.base.text import SluiceError
from engine.runtime import db
from engine.treasury.banks import Change, bank_view, set_parameter
from tests.channels.support import hand_out, make_file
from tests.payments.stage import Stage
from tests.payments.world import Draft


def change(stage: Stage, name: str, value: str | None, user: str = "boss", **more: str) -> None:
    """Set a parameter of bank A."""
    given: dict[str, str] = {"reason": "bank said so", **more}
    with db.transaction(stage.engine) as session:
        set_parameter(session, user, Change("bank_a", name, value, **given), stage.clock.now())


def switch(stage: Stage, value: str, channel: str = "bank_direct", **more: str) -> None:
    change(stage, "channel", value, channel=channel, **more)


def made(stage: Stage, *numbers: int, **changes: object) -> list[int]:
    """Approved documents paid directly from the account at bank A."""
    return stage.make(*(Draft(n, account=stage.world.pay_account, **changes) for n in numbers))  # type: ignore[arg-type]


def waiting(stage: Stage, document: int) -> object:
    return stage.value("SELECT waiting_code FROM document WHERE id = :id", id=document)


def test_by_a_channel_that_is_off_nothing_leaves_and_the_document_says_why(stage: Stage) -> None:
    switch(stage, "off")
    (one,) = made(stage, 1)
    (item,) = stage.release(one).items
    assert item.code == "CHANNEL_OFF"
    assert item.text is not None
    assert "bank said so" in item.text.en
    assert "bank said so" in item.text.zh
    stage.work()
    assert stage.states([one]) == ["UNPAID"]
    assert waiting(stage, one) == "CHANNEL_OFF"
    switch(stage, "on")
    assert waiting(stage, one) is None
    assert stage.release(one).batch_ids
    stage.settle()
    assert stage.states([one]) == ["PAID"]


def test_a_batch_that_waits_when_its_channel_is_switched_off_does_not_leave(stage: Stage) -> None:
    (one,) = made(stage, 1)
    assert stage.release(one).batch_ids
    switch(stage, "off")
    stage.work()
    assert stage.states([one]) == ["UNPAID"]
    assert waiting(stage, one) == "CHANNEL_OFF"
    assert stage.banks["bank_a"].executions() == []


def test_what_has_left_is_asked_about_and_paid_while_the_channel_is_off(stage: Stage) -> None:
    (one,) = made(stage, 1)
    stage.release(one)
    stage.work()
    switch(stage, "off")
    stage.settle()
    assert stage.states([one]) == ["PAID"]


def test_a_channel_off_for_one_branch_is_on_for_its_sister_and_above(stage: Stage) -> None:
    switch(stage, "off", org_id="BJ")
    with db.transaction(stage.engine) as session:
        off = {
            org: [one.channel for one in bank_view(session, "bank_a", org).channels if one.off]
            for org in (ROOT, "SH", "BJ", "BJ01")
        }
    assert off == {ROOT: [], "SH": [], "BJ": ["bank_direct"], "BJ01": ["bank_direct"]}


def test_a_branch_cannot_open_what_the_group_closed(stage: Stage) -> None:
    switch(stage, "off")
    with pytest.raises(SluiceError, match="NOTHING_CHANGES"):
        switch(stage, "on", org_id="BJ")
    (one,) = made(stage, 1)
    assert stage.release(one).items[0].code == "CHANNEL_OFF"


def test_a_file_is_not_handed_out_by_a_channel_that_is_off(stage: Stage) -> None:
    documents, message_id = make_file(stage, 1)
    switch(stage, "off", "bank_file")
    done = hand_out(stage, message_id)
    assert (done.content, [one.code for one in done.taken_out]) == (b"", ["CHANNEL_OFF"])
    assert stage.states(documents) == ["UNPAID"]


def test_above_the_limit_per_payment_a_document_waits_and_exactly_at_it_leaves(
    stage: Stage,
) -> None:
    change(stage, "max_payment", "100.00", currency="CNY")
    at, above = stage.make(
        Draft(1, account=stage.world.pay_account, amount=10_000),
        Draft(2, account=stage.world.pay_account, amount=10_001),
    )
    found = {one.document_id: one.code for one in stage.release(at, above).items}
    assert found == {at: None, above: "ABOVE_BANK_LIMIT"}
    change(stage, "max_payment", None, currency="CNY")
    assert stage.release(above).batch_ids


def test_what_would_break_the_limit_of_the_day_waits_and_leaves_the_next_day(stage: Stage) -> None:
    change(stage, "max_day", "250.00", currency="CNY")
    one, two, three = made(stage, 1, 2, 3)
    stage.release(one)
    stage.work()
    stage.release(two, three)
    stage.work()
    assert [waiting(stage, each) for each in (two, three)] == [None, "BANK_DAY_LIMIT"]
    stage.later(days=1)
    assert stage.release(three).batch_ids
    stage.work()
    assert stage.states([three])[0] in ("SENDING", "PROCESSING", "PAID")


def test_an_earlier_cut_off_of_the_bank_keeps_a_message_back(stage: Stage) -> None:
    change(stage, "cut_off", "08:30")
    (one,) = made(stage, 1)
    stage.release(one)
    stage.work()
    assert stage.states([one]) == ["UNPAID"]
    assert waiting(stage, one) == "AFTER_CUT_OFF"


def test_quiet_hours_hold_a_message_until_they_are_taken_back(stage: Stage) -> None:
    change(stage, "quiet", "00:00-23:00")
    (one,) = made(stage, 1)
    stage.release(one)
    stage.work()
    assert stage.banks["bank_a"].executions() == []
    assert stage.states([one]) == ["UNPAID"]


@pytest.mark.parametrize(
    ("name", "value", "more", "code"),
    [
        ("channel", "off", {}, "VALUE_INVALID"),
        ("channel", "maybe", {"channel": "bank_direct"}, "VALUE_INVALID"),
        ("channel", "off", {"channel": "pigeon"}, "CHANNEL_UNKNOWN"),
        ("cut_off", "25:00", {}, "VALUE_INVALID"),
        ("cut_off", "4pm", {}, "VALUE_INVALID"),
        ("quiet", "22:00", {}, "VALUE_INVALID"),
        ("quiet", "22:00-06:00", {"org_id": "BJ"}, "WHOLE_BANK_ONLY"),
        ("max_in_flight", "0", {}, "VALUE_INVALID"),
        ("max_in_flight", "²", {}, "VALUE_INVALID"),
        ("max_payment", "-1", {}, "VALUE_INVALID"),
        ("max_payment", "1e9", {}, "VALUE_INVALID"),
        ("max_payment", "0", {}, "VALUE_INVALID"),
        ("colour", "red", {}, "PARAMETER_UNKNOWN"),
        ("cut_off", "16:00", {"reason": " "}, "REASON_MISSING"),
    ],
)
def test_what_cannot_be_set_is_refused_by_name(
    stage: Stage, name: str, value: str, more: dict[str, str], code: str
) -> None:
    with pytest.raises(SluiceError, match=code):
        change(stage, name, value, **more)
    assert stage.value("SELECT count(*) FROM bank_parameter") == 0


def test_only_who_manages_banks_sets_them(stage: Stage) -> None:
    for user in ("cashier", "accountant", "auditor"):
        with pytest.raises(SluiceError, match="NOT_PERMITTED"):
            change(stage, "channel", "off", user, channel="bank_direct")


def test_every_change_is_in_the_audit_log_with_before_after_and_reason(stage: Stage) -> None:
    change(stage, "cut_off", "16:00")
    change(stage, "cut_off", "15:00")
    rows = stage.column(
        "SELECT before->>'value' || '>' || (after->>'value') || ' ' || actor || ' ' || reason "
        "FROM audit_entry WHERE action = 'bank_parameter.set' AND before->>'value' IS NOT NULL"
    )
    assert rows == ["16:00>15:00 boss bank said so"]


def test_a_change_is_never_rewritten(stage: Stage) -> None:
    change(stage, "cut_off", "16:00")
    for statement in ("UPDATE bank_parameter SET value = '18:00'", "DELETE FROM bank_parameter"):
        with pytest.raises(sa.exc.DBAPIError), stage.engine.begin() as connection:
            connection.execute(sa.text(statement))


PATHS = st.sampled_from([(ROOT,), (ROOT, "BJ"), (ROOT, "BJ", "BJ01"), (ROOT, "SH")])
AT = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
SETTINGS = st.builds(
    lambda org, channel, hour: Setting(
        org, channel, "cut_off", "", f"{hour:02}:00", "boss", "x", AT
    ),
    st.sampled_from([ROOT, "BJ", "BJ01", "SH"]),
    st.sampled_from(["", "bank_direct", "bank_file"]),
    st.integers(0, 23),
)


@given(st.lists(SETTINGS, unique_by=lambda one: (one.org_id, one.channel)), PATHS)
def test_no_branch_has_a_later_cut_off_than_what_is_above_it(
    rows: list[Setting], path: tuple[str, ...]
) -> None:
    settings, profile = BankSettings(tuple(rows)), load_profile("bank_a")
    times = [
        settings.cut_off(profile, path[: depth + 1], "bank_direct") for depth in range(len(path))
    ]
    assert times == sorted(times, reverse=True)
