"""Offer files leave once and their return files say what became of the items."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa

from engine.base.text import SluiceError
from engine.runtime import db
from engine.treasury.invariants.checking import check_invariants
from engine.treasury.layouts import drafting, reviewing
from engine.treasury.layouts.catalogue import shipped
from engine.treasury.payments import files
from tests.channels.support import (
    ACCOUNT,
    Answer,
    answers_to,
    hand_out,
    make_file,
    return_file,
    take_return,
)
from tests.payments.stage import Stage
from tests.payments.world import Draft
from tests.versions.support import grant_role

ALERTS = "SELECT code FROM alert ORDER BY id"


def test_a_released_file_batch_waits_for_a_person_and_nothing_is_sent(stage: Stage) -> None:
    documents, _ = make_file(stage, 1, 2)
    stage.work()
    assert stage.states(documents) == ["UNPAID", "UNPAID"]
    assert stage.value("SELECT count(*) FROM action WHERE kind = 'payment_batch.send'") == 0


def test_the_file_has_header_items_trailer_count_and_sum(stage: Stage) -> None:
    _, message_id = make_file(stage, 1, 2, amount=12_345)
    lines = hand_out(stage, message_id).content.decode("gb18030").splitlines()
    assert lines[0] == (
        f"H|{message_id}|1|6100000001|演示保险北京|901100000001|CNY|20261123|2|246.90|"
    )
    assert lines[1].startswith("D|1|D20261123-000001-1|62220000000001|王伟|901100000001|123.45|")
    assert lines[-1] == "T|2|246.90|"


def test_taking_the_file_is_the_sending(stage: Stage) -> None:
    documents, message_id = make_file(stage, 1, 2)
    got = hand_out(stage, message_id)
    assert stage.states(documents) == ["SENDING", "SENDING"]
    assert got.sha256 == hashlib.sha256(got.content).hexdigest()
    assert got.sha256 == stage.value("SELECT request_sha256 FROM payment_batch")


def test_a_second_download_is_the_same_bytes_flagged_as_a_copy(stage: Stage) -> None:
    documents, message_id = make_file(stage, 1)
    first, second, third = (hand_out(stage, message_id) for _ in range(3))
    assert (first.copy, second.copy, third.copy) == (False, True, True)
    assert first.content == second.content == third.content
    assert [one.name for one in (first, second, third)] == [
        f"PAY_{message_id}_20261123.txt",
        f"PAY_{message_id}_20261123-COPY1.txt",
        f"PAY_{message_id}_20261123-COPY2.txt",
    ]
    assert stage.value("SELECT count(*) FROM attempt WHERE document_id = :d", d=documents[0]) == 1


def test_downloads_at_once_are_one_sending(stage: Stage) -> None:
    _, message_id = make_file(stage, 1, 2, 3)
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: hand_out(stage, message_id), range(16)))
    assert len({one.content for one in got}) == 1
    assert sorted(one.number for one in got) == list(range(1, 17))
    assert [one.copy for one in got].count(False) == 1
    assert stage.value("SELECT count(*) FROM attempt_event WHERE to_state = 'SENDING'") == 3


def test_a_document_in_a_live_file_goes_into_no_second_one(stage: Stage) -> None:
    documents, message_id = make_file(stage, 1)
    assert [one.code for one in stage.release(*documents).items] == ["ALREADY_LIVE"]
    hand_out(stage, message_id)
    assert [one.code for one in stage.release(*documents).items] == ["ALREADY_LIVE"]


def test_the_approver_never_takes_the_file(stage: Stage) -> None:
    _, message_id = make_file(stage, 1)
    with db.transaction(stage.engine) as session:
        session.execute(
            sa.text("INSERT INTO role_grant (user_id, role, org_id) VALUES ('boss','cashier','BJ')")
        )
    with pytest.raises(SluiceError) as caught:
        hand_out(stage, message_id, "boss")
    assert caught.value.code == "FOUR_EYES"
    with pytest.raises(SluiceError) as caught:
        hand_out(stage, message_id, "accountant")
    assert caught.value.code == "NOT_PERMITTED"


def test_a_separator_in_a_name_is_refused_with_row_and_field(stage: Stage) -> None:
    one, two = stage.make(
        Draft(1, account=stage.world.pay_account, channel="ebank"),
        Draft(2, account=stage.world.pay_account, channel="ebank", counterparty_name="王|伟"),
    )
    (batch,) = stage.release(one, two).batch_ids
    message_id = str(stage.value("SELECT message_id FROM payment_batch WHERE id=:b", b=batch))
    got = hand_out(stage, message_id)
    (out,) = got.taken_out
    assert (out.document_id, out.code) == (two, "SEPARATOR_IN_TEXT")
    assert "row 2, field counterparty_name" in out.text.en
    assert "第 2 行" in out.text.zh
    kept = stage.value("SELECT bank_text_zh FROM attempt WHERE document_id = :d", d=two)
    waits = stage.value("SELECT waiting_zh FROM document WHERE id = :d", d=two)
    assert kept == waits == out.text.zh
    assert stage.states([one, two]) == ["SENDING", "UNPAID"]
    assert len(got.content.splitlines()) == 3


def test_bank_b_gets_fixed_widths_and_answers_by_row(stage: Stage) -> None:
    documents, message_id = make_file(
        stage, 1, 2, account=stage.world.second_account, counterparty_name="王㐂"
    )
    content = hand_out(stage, message_id).content
    assert "王㐂" in content.decode("gb18030")
    assert {len(line) for line in content.splitlines()} == {221}
    head = f"00{message_id:<35}{2:08}{20_000:018}{'':61}"
    rows = [
        f"01{row:08}{account:<34}{10_000:015}{code:<4}{'':61}"
        for row, account, code in ((1, ACCOUNT, "0000"), (2, ACCOUNT[:-1] + "2", "E101"))
    ]
    back = "".join(f"{line}\r\n" for line in (head, *rows)).encode("gb18030")
    done = take_return(stage, message_id, back)
    assert (done.paid, done.failed, done.open, done.issues) == (1, 1, 0, ())
    assert stage.states(documents) == ["PAID", "RETURNED"]


def retire(stage: Stage, name: str) -> None:
    """Let the group have no layout of this name."""
    with db.transaction(stage.engine) as session:
        reviewing.retire(session, "boss", "GROUP", name, "test", stage.clock.now())


def live(stage: Stage, change: Callable[[str], str], name: str = "bars-payment") -> str:
    """A changed version of a shipped layout, signed and live; its hash."""
    text = next(one.text for one in shipped() if one.layout.name == name)
    text = change(text[: text.index("examples:")].replace("version: 1", "version: 2"))
    now = stage.clock.now()
    with db.transaction(stage.engine) as session:
        grant_role(session, "ann", "analyst")
        draft = drafting.begin(session, "ann", "GROUP", text, now)
        made = drafting.submit(session, "ann", draft.id or 0, draft.text_hash, "test", now)
        reviewing.sign(session, "boss", made.hash, now)
        return made.hash


def test_a_bank_without_a_layout_takes_no_file(stage: Stage) -> None:
    retire(stage, "bars-payment")
    (one,) = stage.make(Draft(1, account=stage.world.pay_account, channel="bank_file"))
    assert [item.code for item in stage.release(one).items] == ["LAYOUT_MISSING"]
    assert stage.value("SELECT waiting_code FROM document") == "LAYOUT_MISSING"


def test_more_rows_than_a_file_takes_become_several_files(stage: Stage) -> None:
    live(stage, lambda text: text.replace("max_rows: 5000", "max_rows: 2"))
    documents = stage.make(
        *(Draft(n, account=stage.world.pay_account, channel="bank_file") for n in range(1, 6))
    )
    released = stage.release(*documents)
    sizes = stage.column("SELECT count(*) FROM attempt GROUP BY batch_id ORDER BY batch_id")
    assert (len(released.batch_ids), sizes) == (3, [2, 2, 1])


def test_a_file_names_the_layout_it_was_written_by_and_is_answered_by_it(stage: Stage) -> None:
    documents, message_id = make_file(stage, 1)
    before = hand_out(stage, message_id)
    newer = live(stage, lambda text: text.replace('"PAY_', '"NEW_'))
    again = hand_out(stage, message_id)
    assert (again.content, again.name) == (before.content, before.name.replace(".", "-COPY1."))
    used = str(stage.value("SELECT layout_hash FROM payment_batch"))
    assert used not in ("", newer)
    assert stage.value("SELECT name FROM bank_layout_version WHERE hash = :h", h=used)
    take_return(stage, message_id, return_file(message_id, answers_to(before.content)))
    assert stage.states(documents) == ["PAID"]
    assert stage.value(
        "SELECT v.name FROM payment_file_return r JOIN bank_layout_version v "
        "ON v.hash = r.layout_hash"
    ) == ("bars-return")
    with pytest.raises(sa.exc.DBAPIError), stage.engine.begin() as connection:
        connection.execute(sa.text("UPDATE payment_batch SET layout_hash = NULL"))


def test_more_items_at_fault_than_a_file_names_at_once_are_all_taken_out(stage: Stage) -> None:
    bad = [
        Draft(n, account=stage.world.pay_account, channel="ebank", counterparty_name="王|伟")
        for n in range(1, 131)
    ]
    documents = stage.make(*bad, Draft(200, account=stage.world.pay_account, channel="ebank"))
    stage.release(*documents)
    message_id = str(stage.value("SELECT message_id FROM payment_batch"))
    got = hand_out(stage, message_id)
    assert len(got.taken_out) == 130
    assert stage.states(documents[-1:]) == ["SENDING"]


# --- return files


def test_a_return_file_sets_paid_failed_and_unknown(stage: Stage) -> None:
    documents, message_id = make_file(stage, 1, 2, 3)
    one, two, three = answers_to(hand_out(stage, message_id).content)
    back = return_file(
        message_id,
        [
            one,
            Answer(two.instruction_id, two.amount, "RJCT", "AC04", two.account),
            Answer(three.instruction_id, three.amount, "ODD9", "", three.account),
        ],
    )
    done = take_return(stage, message_id, back)
    assert (done.paid, done.failed, done.unknown, done.issues) == (1, 1, 1, ())
    assert stage.states(documents) == ["PAID", "RETURNED", "UNKNOWN"]


def test_a_file_that_keeps_its_bank_s_word_as_evidence(stage: Stage) -> None:
    _, message_id = make_file(stage, 1)
    back = return_file(message_id, answers_to(hand_out(stage, message_id).content))
    take_return(stage, message_id, back)
    assert stage.value(
        "SELECT encode(payload, 'hex') FROM bank_message WHERE kind = 'return_file' "
        "AND id IN (SELECT evidence_id FROM attempt)"
    ) == (back.hex())


def test_the_same_return_file_twice_adds_nothing(stage: Stage) -> None:
    _, message_id = make_file(stage, 1, 2)
    answers = answers_to(hand_out(stage, message_id).content)
    back = return_file(message_id, [*answers, Answer("D-other-1", 5)])
    first = take_return(stage, message_id, back)
    count = "SELECT (SELECT count(*) FROM bank_message) + (SELECT count(*) FROM attempt_event) + "
    count += "(SELECT count(*) FROM alert) + (SELECT count(*) FROM audit_entry)"
    before = stage.value(count)
    again = take_return(stage, message_id, back)
    assert (first.repeated, again.repeated) == (False, True)
    assert (again.paid, again.open) == (first.paid, first.open) == (2, 0)
    assert stage.value(count) == before


def test_return_files_at_once_set_the_items_once(stage: Stage) -> None:
    _, message_id = make_file(stage, 1, 2)
    back = return_file(message_id, answers_to(hand_out(stage, message_id).content))
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda _: take_return(stage, message_id, back), range(6)))
    assert [one.repeated for one in done].count(False) == 1
    assert stage.value("SELECT count(*) FROM attempt_event WHERE to_state = 'PAID'") == 2


def test_missing_extra_and_changed_items_are_named_and_the_others_are_set(stage: Stage) -> None:
    documents, message_id = make_file(stage, 1, 2, 3)
    one, _, three = answers_to(hand_out(stage, message_id).content)
    back = return_file(
        message_id,
        [
            one,
            Answer(three.instruction_id, three.amount + 1, account=three.account),
            Answer("D20261123-000099-1", 7),
        ],
    )
    done = take_return(stage, message_id, back)
    assert sorted(issue.code for issue in done.issues) == [
        "RETURN_AMOUNT_CHANGED",
        "RETURN_ITEM_EXTRA",
        "RETURN_ITEM_MISSING",
    ]
    assert sorted(map(str, stage.column(ALERTS))) == sorted(issue.code for issue in done.issues)
    assert stage.states(documents) == ["PAID", "SENDING", "SENDING"]


def test_a_partial_return_file_leaves_the_rest_open_without_alarm(stage: Stage) -> None:
    documents, message_id = make_file(stage, 1, 2)
    one, two = answers_to(hand_out(stage, message_id).content)
    done = take_return(stage, message_id, return_file(message_id, [one], coverage="PART"))
    assert (done.paid, done.open, done.issues) == (1, 1, ())
    assert stage.states(documents) == ["PAID", "SENDING"]
    done = take_return(stage, message_id, return_file(message_id, [two], coverage="PART"))
    assert (done.paid, done.open) == (1, 0)


@pytest.mark.parametrize("code", ["RJCT", "ACSC"])
def test_an_item_named_twice_is_not_set_whatever_it_says(stage: Stage, code: str) -> None:
    documents, message_id = make_file(stage, 1)
    (one,) = answers_to(hand_out(stage, message_id).content)
    both = [one, replace(one, code=code)]
    done = take_return(stage, message_id, return_file(message_id, both))
    assert [issue.code for issue in done.issues] == ["RETURN_ITEM_TWICE"]
    assert stage.states(documents) == ["SENDING"]


def test_an_item_paid_to_another_account_is_not_set(stage: Stage) -> None:
    documents, message_id = make_file(stage, 1)
    (one,) = answers_to(hand_out(stage, message_id).content)
    back = return_file(message_id, [replace(one, account="62220000000009")])
    assert [i.code for i in take_return(stage, message_id, back).issues] == [
        "RETURN_ACCOUNT_CHANGED"
    ]
    assert stage.states(documents) == ["SENDING"]


def test_a_later_file_that_calls_a_paid_item_failed_changes_nothing_but_tells(stage: Stage) -> None:
    documents, message_id = make_file(stage, 1)
    (one,) = answers_to(hand_out(stage, message_id).content)
    take_return(stage, message_id, return_file(message_id, [one]))
    back = return_file(message_id, [replace(one, code="RJCT", reason="AC04")])
    assert [i.code for i in take_return(stage, message_id, back).issues] == ["RETURN_CONTRADICTS"]
    assert stage.states(documents) == ["PAID"]


def test_a_payment_found_done_after_it_was_called_failed_is_an_incident(stage: Stage) -> None:
    documents, message_id = make_file(stage, 1)
    (one,) = answers_to(hand_out(stage, message_id).content)
    failed = replace(one, code="RJCT", reason="AM04")
    take_return(stage, message_id, return_file(message_id, [failed]))
    assert stage.states(documents) == ["FAILED"]
    take_return(stage, message_id, return_file(message_id, [one]))
    assert stage.states(documents) == ["PAID"]
    assert "LATE_SUCCESS" in stage.column(ALERTS)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xff\xfe", "ENCODING"),
        (b"", "RECORD_MISSING"),
        (b"R|{id}|\r\n", "CELLS"),
        (b"X|{id}|A|1|1.00|\r\nD|x|1|1.00|ACSC||||\r\n", "CONSTANT"),
        (b"R|{id}|A|1|1.00|\r\nD||1|1.00|ACSC||||\r\n", "MISSING"),
        (b"R|{id}|A|1|1.00|\r\nD|x|1|1.001|ACSC||||\r\n", "AMOUNT"),
        (b"R|{id}|A|2|1.00|\r\nD|x|1|1.00|ACSC||||\r\n", "COUNT"),
        (b"R|{id}|A|1|2.00|\r\nD|x|1|1.00|ACSC||||\r\n", "TOTAL"),
        (b"R|PB20261123-999999|A|1|1.00|\r\nD|x|1|1.00|ACSC||||\r\n", "RETURN_OTHER_BATCH"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_whole(
    stage: Stage, content: bytes, code: str
) -> None:
    documents, message_id = make_file(stage, 1)
    hand_out(stage, message_id)
    with pytest.raises(SluiceError) as caught:
        take_return(stage, message_id, content.replace(b"{id}", message_id.encode()))
    assert caught.value.code == code
    assert stage.states(documents) == ["SENDING"]
    assert stage.value("SELECT count(*) FROM bank_message WHERE kind = 'return_file'") == 0


def test_a_return_file_of_another_batch_is_refused_whole(stage: Stage) -> None:
    _, one = make_file(stage, 1)
    two_documents, two = make_file(stage, 2)
    back = return_file(one, answers_to(hand_out(stage, one).content))
    hand_out(stage, two)
    with pytest.raises(SluiceError) as caught:
        take_return(stage, two, back)
    assert caught.value.code == "RETURN_OTHER_BATCH"
    assert stage.states(two_documents) == ["SENDING"]


def test_a_return_file_before_the_file_left_is_refused(stage: Stage) -> None:
    _, message_id = make_file(stage, 1)
    with pytest.raises(SluiceError) as caught:
        take_return(stage, message_id, return_file(message_id, [Answer("D20261123-000001-1", 1)]))
    assert caught.value.code == "RETURN_NOT_EXPECTED"


# --- no return file


def test_without_a_return_file_it_is_unknown_past_the_horizon_then_for_two_persons(
    stage: Stage,
) -> None:
    documents, message_id = make_file(stage, 1)
    hand_out(stage, message_id)
    stage.later(hours=23)
    assert stage.states(documents) == ["SENDING"]
    stage.later(hours=2)
    assert stage.states(documents) == ["UNKNOWN"]
    stage.later(hours=2)
    assert stage.column("SELECT state FROM attempt") == ["REVIEW"]
    assert [one.code for one in stage.release(*documents).items] == ["ALREADY_LIVE"]
    assert "UNKNOWN_REVIEW" in stage.column(ALERTS)


def test_the_horizon_breaks_no_invariant(stage: Stage) -> None:
    _, message_id = make_file(stage, 1)
    hand_out(stage, message_id)
    stage.later(hours=25)
    stage.later(hours=2)
    with db.transaction(stage.engine) as session:
        assert set(check_invariants(session).values()) == {"ok"}


def test_a_return_file_after_the_horizon_still_decides(stage: Stage) -> None:
    documents, message_id = make_file(stage, 1)
    answers = answers_to(hand_out(stage, message_id).content)
    stage.later(hours=25)
    stage.later(hours=2)
    take_return(stage, message_id, return_file(message_id, answers))
    assert stage.states(documents) == ["PAID"]


def test_a_statement_line_confirms_a_file_payment_that_got_no_return_file(stage: Stage) -> None:
    documents, message_id = make_file(stage, 1)
    hand_out(stage, message_id)
    stage.banks["bank_a"].admin(
        "debit",
        {
            "account": "6100000001",
            "amount": "100.00",
            "counterparty_account": "62220000000001",
            "counterparty_name": "王伟",
            "end_to_end_id": "D20261123-000001-1",
        },
    )
    stage.cut()
    assert stage.states(documents) == ["CONFIRMED"]


# --- discarding, guards


def test_a_file_nobody_took_is_dissolved_and_its_documents_are_paid_anew(stage: Stage) -> None:
    documents, message_id = make_file(stage, 1)
    with db.transaction(stage.engine) as session:
        count = files.discard(
            session, stage.rulebook, stage.clock, "cashier", message_id, "other account"
        )
    assert count == 1
    assert len(stage.release(*documents).batch_ids) == 1


def test_a_file_that_left_is_never_dissolved(stage: Stage) -> None:
    _, message_id = make_file(stage, 1)
    hand_out(stage, message_id)
    with pytest.raises(SluiceError) as caught, db.transaction(stage.engine) as session:
        files.discard(session, stage.rulebook, stage.clock, "cashier", message_id, "lost")
    assert caught.value.code == "FILE_LEFT"


def test_a_dissolved_file_hands_nothing_out(stage: Stage) -> None:
    _, message_id = make_file(stage, 1)
    with db.transaction(stage.engine) as session:
        files.discard(session, stage.rulebook, stage.clock, "cashier", message_id, "x")
    got = hand_out(stage, message_id)
    assert (got.content, got.number) == (b"", 0)


def test_the_database_counts_only_the_frozen_bytes_as_handed_out(stage: Stage) -> None:
    _, message_id = make_file(stage, 1)
    hand_out(stage, message_id)
    for change in (
        "INSERT INTO payment_file_download (org_id, batch_id, number, user_id, at, sha256) "
        "SELECT 'BJ', id, 2, 'x', now(), 'other' FROM payment_batch",
        "UPDATE payment_file_download SET number = 5",
        "DELETE FROM payment_file_download",
        "DELETE FROM payment_file_return",
    ):
        if "payment_file_return" in change:
            back = return_file(message_id, answers_to(hand_out(stage, message_id).content))
            take_return(stage, message_id, back)
        with pytest.raises(sa.exc.DBAPIError), stage.engine.begin() as connection:
            connection.execute(sa.text(change))


def test_a_file_of_another_organisation_is_unknown(stage: Stage) -> None:
    _, message_id = make_file(stage, 1)
    with db.transaction(stage.engine) as session:
        session.execute(sa.text("UPDATE role_grant SET org_id = 'SH' WHERE user_id IN ('cashier')"))
        assert files.find(session, "cashier") == []
    with pytest.raises(SluiceError) as caught:
        hand_out(stage, message_id)
    assert caught.value.code == "PAYMENT_FILE_UNKNOWN"
