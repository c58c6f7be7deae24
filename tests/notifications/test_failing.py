"""Refusals, outages and killed workers: tried again, given up, sent again, never twice as two."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from engine.base.text import SluiceError
from engine.runtime.actions import Registry, Worker
from engine.runtime.db import constraint, transaction
from engine.treasury.alerts.board import raise_alerts
from engine.treasury.notifications.carriers import Carriers, Message, Never, NotNow, Taken
from engine.treasury.notifications.resending import NotificationError, resend_all
from engine.treasury.notifications.sending import MAX_TRIES, open_carriers
from engine.treasury.organisations.errors import NotPermitted
from tests.notifications.drafts import draft
from tests.notifications.stage import Stage


def single(stage: Stage, channel: str = "email") -> None:
    """An alert that one person is told of."""
    if channel == "email":
        with transaction(stage.engine) as session:
            session.execute(sa.text("UPDATE user_account SET email = NULL WHERE id = 'ann'"))
    stage.alert(channels=(channel,))


@pytest.mark.parametrize("fault", ["recipient", "message"])
def test_what_smtp_refuses_for_good_is_given_up_at_once(stage: Stage, fault: str) -> None:
    single(stage)
    stage.fault("email", fault, 550)
    stage.send()
    assert (stage.one("state"), stage.one("tries")) == ("GIVEN_UP", 1)
    assert str(stage.one("cause")).startswith("550 ")
    assert stage.mails() == []


@pytest.mark.parametrize("fault", ["recipient", "message"])
def test_what_smtp_refuses_for_now_is_tried_again(stage: Stage, fault: str) -> None:
    single(stage)
    stage.fault("email", fault, 451)
    stage.send()
    assert (stage.one("state"), stage.one("tries")) == ("WAITING", 1)
    assert stage.one("next_at") == stage.clock.now() + dt.timedelta(seconds=30)
    stage.later(seconds=29)
    assert stage.mails() == []
    stage.later(seconds=1)
    assert (stage.one("state"), stage.one("tries")) == ("SENT", 2)
    assert len(stage.mails()) == 1


def test_a_providers_words_are_kept_without_the_persons_address(stage: Stage) -> None:
    single(stage)
    stage.fault("email", "recipient", 550)
    stage.send()
    assert "l***@example.com" in str(stage.one("cause"))
    assert "li@example.com" not in str(stage.one("cause"))


@pytest.mark.parametrize(
    ("code", "state"), [(503, "WAITING"), (429, "WAITING"), (400, "GIVEN_UP"), (404, "GIVEN_UP")]
)
def test_http_errors_of_the_server_pass_and_those_of_the_message_stay(
    stage: Stage, code: int, state: str
) -> None:
    single(stage, "sms")
    stage.fault("sms", "message", code)
    stage.send()
    assert stage.one("state") == state
    assert str(stage.one("cause")).startswith(f"HTTP {code}")


def test_a_redirect_is_not_followed(stage: Stage) -> None:
    single(stage, "sms")
    stage.fault("sms", "redirect")
    stage.send()
    assert (stage.one("state"), stage.one("cause")) == ("GIVEN_UP", "HTTP 307")
    assert stage.texts() == []


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_taken_without_an_answer_comes_again_under_the_same_id(stage: Stage, channel: str) -> None:
    single(stage, channel)
    stage.fault(channel, "lost_answer")
    stage.send()
    assert stage.one("state") == "WAITING"
    stage.later(minutes=1)
    assert stage.one("state") == "SENT"
    [kept] = stage.box.messages()
    assert kept["times"] == 2


def test_nobody_listening_is_tried_until_given_up_and_then_sent_by_hand(stage: Stage) -> None:
    single(stage)
    dead = {**stage.environ, "SLUICE_SMTP_PORT": "9"}
    waits = []
    for _ in range(MAX_TRIES):
        stage.worker(environ=dead).run_until_idle()
        due = stage.one("next_at")
        if due is not None:
            assert isinstance(due, dt.datetime)
            waits.append((due - stage.clock.now()).total_seconds())
        stage.clock.advance(dt.timedelta(hours=1))
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert (stage.one("state"), stage.one("tries")) == ("GIVEN_UP", MAX_TRIES)
    stage.later(days=1)
    assert stage.mails() == []
    number = stage.one("id")
    assert isinstance(number, int)
    ident = stage.one("message_id")
    stage.resend(number)
    stage.send()
    assert (stage.one("state"), stage.one("tries"), stage.one("resends")) == ("SENT", 1, 1)
    assert stage.mails()[0]["message_id"] == f"<{ident}@notifications.sluicegate>"
    assert stage.rows(
        "SELECT actor, reason, before ->> 'state' FROM audit_entry "
        "WHERE action = 'notification.resend'"
    ) == [("ops", "mended", "GIVEN_UP")]


def test_many_given_up_are_one_alert_on_the_page_and_none_by_mail(stage: Stage) -> None:
    stage.fault("email", "recipient", 550, times=4)
    stage.alert("a")
    stage.alert("b")
    stage.send()
    assert {one[2] for one in stage.told()} == {"GIVEN_UP"}
    found = stage.rows("SELECT channels FROM alert WHERE code = 'NOTIFICATION_GIVEN_UP'")
    assert found == [(["page"],)]
    assert len(stage.told()) == 4


def test_after_that_alert_is_resolved_the_next_failure_raises_it_anew(stage: Stage) -> None:
    stage.fault("email", "recipient", 550, times=4)
    stage.alert("a")
    stage.send()
    with transaction(stage.engine) as session:
        session.execute(
            sa.text(
                "UPDATE alert SET state = 'resolved', resolved_at = now(), resolved_by = 'ops' "
                "WHERE code = 'NOTIFICATION_GIVEN_UP'"
            )
        )
    stage.alert("b")
    stage.send()
    states = stage.rows("SELECT state FROM alert WHERE code = 'NOTIFICATION_GIVEN_UP' ORDER BY id")
    assert states == [("resolved",), ("open",)]


class Killed(BaseException):
    """A worker that ends here and now, as kill -9 does."""


class Dying:
    """Hands the message over, and is killed before anybody hears of it."""

    def __init__(self, carry: Callable[[Message], Taken | NotNow | Never]) -> None:
        self._carry = carry

    def carry(self, message: Message) -> Taken | NotNow | Never:
        """Send, and die."""
        assert isinstance(self._carry(message), Taken)
        raise Killed

    def close(self) -> None:
        """Nothing."""


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_a_worker_killed_after_the_provider_took_it_leaves_the_same_id_to_be_sent_again(
    stage: Stage, channel: str
) -> None:
    single(stage, channel)
    real = open_carriers(stage.environ).of(channel)
    assert real is not None
    with pytest.raises(Killed):
        stage.worker("killed", carriers=Carriers({channel: Dying(real.carry)})).run_once()
    assert (stage.one("state"), stage.one("tries")) == ("WAITING", 1)
    stage.send()
    assert len(stage.box.messages()) == 1  # leased still: nobody else takes it
    with transaction(stage.engine) as session:
        session.execute(sa.text("UPDATE action SET lease_until = now() - interval '1 second'"))
    stage.send()
    assert (stage.one("state"), stage.one("tries")) == ("SENT", 2)
    [kept] = stage.box.messages()
    assert kept["times"] == 2
    assert str(stage.one("message_id")) in str(kept["message_id"])


def test_both_tries_say_the_same_though_the_template_changed(
    stage: Stage, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    single(stage)
    stage.fault("email", "lost_answer")
    stage.send()
    words = stage.one("body")
    monkeypatch.setattr(
        "engine.treasury.notifications.sending.word", lambda *_: pytest.fail("worded again")
    )
    stage.later(minutes=1)
    assert stage.one("state") == "SENT"
    assert stage.one("body") == words


def test_two_processes_that_raise_and_send_at_once_make_one_row_and_one_mail_each(
    stage: Stage,
) -> None:
    ready = threading.Barrier(4)

    def raise_it() -> None:
        ready.wait()
        with transaction(stage.engine) as session:
            raise_alerts(session, [draft()], stage.clock.now())

    def send_it(name: str) -> None:
        ready.wait()
        for _ in range(20):
            stage.worker(name).run_once()

    jobs = [threading.Thread(target=raise_it) for _ in range(2)]
    jobs += [threading.Thread(target=send_it, args=(name,)) for name in ("a", "b")]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    stage.send()
    assert stage.told() == [("ann", "email", "SENT"), ("li", "email", "SENT")]
    assert [one["times"] for one in stage.mails()] == [1, 1]


def test_a_sending_that_always_raises_ends_as_given_up(stage: Stage) -> None:
    single(stage)

    class Broken:
        def carry(self, message: Message) -> Taken | NotNow | Never:
            raise ValueError("broken")

        def close(self) -> None:
            """Nothing."""

    worker = stage.worker(carriers=Carriers({"email": Broken()}))
    for _ in range(8):
        worker.run_until_idle()
        stage.clock.advance(dt.timedelta(hours=2))
    assert stage.one("state") == "GIVEN_UP"
    assert "broken" in str(stage.one("cause"))


def test_what_was_sent_is_history(stage: Stage) -> None:
    single(stage)
    stage.send()
    number = stage.one("id")
    assert isinstance(number, int)
    with pytest.raises(NotificationError, match="NOTIFICATION_NOT_OPEN"):
        stage.resend(number)
    with pytest.raises(sa.exc.DBAPIError) as refused, transaction(stage.engine) as session:
        session.execute(sa.text("UPDATE notification SET state = 'WAITING', ended_at = NULL"))
    assert constraint(refused.value) == "notification_ended"


def test_sending_again_needs_a_reason_the_permission_and_the_organisation(stage: Stage) -> None:
    single(stage)
    stage.fault("email", "recipient", 550)
    stage.send()
    number = stage.one("id")
    assert isinstance(number, int)
    with pytest.raises(SluiceError, match="NO_REASON"):
        stage.resend(number, reason=" ")
    with pytest.raises(NotPermitted):
        stage.resend(number, "root")
    with pytest.raises(NotificationError, match="NOTIFICATION_UNKNOWN"):
        stage.resend(number, "li")
    assert stage.one("state") == "GIVEN_UP"


def test_what_reached_nobody_is_passed_on_once_somebody_can_be_reached(stage: Stage) -> None:
    with transaction(stage.engine) as session:
        session.execute(sa.text("UPDATE user_account SET email = NULL"))
    stage.alert()
    stage.send()
    [(number,)] = stage.rows("SELECT id FROM notification")
    assert isinstance(number, int)
    with pytest.raises(NotificationError, match="NOBODY_REACHED"):
        stage.resend(number)
    with transaction(stage.engine) as session:
        session.execute(sa.text("UPDATE user_account SET email = 'wu@example.com' WHERE id='wu'"))
    stage.resend(number)
    stage.send()
    assert stage.told() == [("wu", "email", "SENT"), (None, "email", "PASSED_ON")]


def test_all_of_a_channel_go_at_once_when_it_is_set_up(stage: Stage) -> None:
    stage.alert("a")
    stage.alert("b")
    stage.worker(environ={}).run_until_idle()
    with transaction(stage.engine) as session:
        now = stage.clock.now()
        assert resend_all(session, "ops", "NOT_CONFIGURED", "email", "set up", now) == 4
    stage.send()
    assert len(stage.mails()) == 4


def test_the_kind_of_action_is_the_queues_own(stage: Stage) -> None:
    from engine.treasury.notifications import sending

    registry = Registry()
    sending.register(registry, Carriers({}))
    assert registry.kinds() == ["notification.send"]
    Worker(stage.engine, stage.clock, registry, "w").run_until_idle()
