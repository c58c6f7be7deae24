"""An alert reaches the people of its role within their organisations, over SMTP and HTTP."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage

import pytest
import sqlalchemy as sa

from engine.base.text import Text
from engine.runtime.db import constraint, transaction
from engine.treasury.alerts.board import raise_alerts
from engine.treasury.organisations.models import RoleGrant
from tests.notifications.drafts import draft
from tests.notifications.stage import Stage

ACCOUNT = "6222000000000000017"


def parsed(stage: Stage) -> EmailMessage:
    """The newest mail as a reader sees it."""
    raw = str(stage.mails()[0]["raw"]).encode()
    read = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(read, EmailMessage)
    return read


def test_one_mail_per_person_of_the_role_whose_organisations_reach_the_alert(stage: Stage) -> None:
    stage.alert(org="BJ01")
    stage.send()
    assert stage.told() == [("ann", "email", "SENT"), ("li", "email", "SENT")]
    assert sorted(str(one["recipient"]) for one in stage.mails()) == [
        "ann@example.com",
        "li@example.com",
    ]


def test_another_branch_hears_nothing_and_the_group_hears_of_its_own_only(stage: Stage) -> None:
    stage.alert("a", org="SH")
    stage.alert("b", org="GROUP")
    stage.send()
    got = sorted((str(one["recipient"])) for one in stage.mails())
    assert got == ["ann@example.com", "ann@example.com", "shen@example.com"]


def test_the_same_alert_again_tells_nobody_again(stage: Stage) -> None:
    stage.alert("k")
    stage.alert("k")
    stage.send()
    assert len(stage.mails()) == 2
    assert stage.box.stats()["repeated"] == 0


def test_the_row_stands_or_falls_with_the_alert(stage: Stage) -> None:
    with pytest.raises(sa.exc.DBAPIError), transaction(stage.engine) as session:
        raise_alerts(session, [draft(), draft("other", severity="no such")], stage.clock.now())
    assert stage.told() == []
    assert stage.rows("SELECT count(*) FROM action WHERE kind = 'notification.send'") == [(0,)]


def test_page_alone_makes_no_row(stage: Stage) -> None:
    stage.alert(channels=("page",))
    assert stage.told() == []


def test_a_person_with_two_notified_roles_is_told_once(stage: Stage) -> None:
    with transaction(stage.engine) as session:
        session.add(RoleGrant(user_id="ann", role="treasurer", org_id="GROUP"))
    stage.alert(notify=("reviewer", "treasurer"), org="GROUP")
    stage.send()
    assert [one for one in stage.told() if one[0] == "ann"] == [("ann", "email", "SENT")]


def test_sms_goes_signed_to_those_with_a_telephone(stage: Stage) -> None:
    stage.alert(channels=("sms",))
    stage.send()
    assert stage.told() == [("li", "sms", "SENT")]
    [one] = stage.texts()
    assert one["recipient"] == "+8613800000001"
    assert str(stage.one("answer")).startswith("HTTP 202 sms-")
    assert stage.box.stats()["forged"] == 0


def test_a_wrong_secret_is_refused_by_the_gateway_and_told(stage: Stage) -> None:
    stage.environ["SLUICE_SMS_SECRET"] = "another-secret-of-16"
    stage.alert(channels=("sms",))
    stage.send()
    assert stage.one("state") == "GIVEN_UP"
    assert "401" in str(stage.one("cause"))
    assert stage.box.stats()["forged"] == 1


@pytest.mark.parametrize(("user", "lang"), [("li", "zh"), ("ann", "en")])
def test_the_mail_says_account_payee_amount_time_and_purpose_and_no_number_in_full(
    stage: Stage, user: str, lang: str
) -> None:
    document = stage.document(
        7,
        amount=123_456_789,
        counterparty_account=ACCOUNT,
        counterparty_name="王伟\r\nBcc: thief@example.com",
    )
    said = Text(f"paid to {ACCOUNT} often", f"多次支付至 {ACCOUNT}")
    stage.alert(subject=("document", str(document)), message=said)
    stage.send()
    raws = {str(one["recipient"]): str(one["raw"]) for one in stage.mails()}
    raw = raws[f"{user}@example.com"]
    read = email.message_from_string(raw, policy=email.policy.default)
    assert isinstance(read, EmailMessage)
    text = f"{read['Subject']}\n{read.get_content()}"
    for wanted in (
        "6100**0001",  # our account
        "6222***********0017",
        "王伟",
        "CNY 1,234,567.89",
        "2026-11-23 09:00:00+08:00",
        "赔款",
        "D20261123-000007",
    ):
        assert wanted in text, wanted
    everything = raw + text
    assert ACCOUNT not in everything
    assert "6100000001" not in everything
    # The payee's name has not become a header, nor a line of its own.
    assert read["Bcc"] is None
    assert not any(line.startswith("Bcc") for line in text.splitlines())
    assert ("收款人：王伟 Bcc" in text) if lang == "zh" else ("Payee: 王伟 Bcc" in text)


def test_the_headers_name_the_row_and_say_that_nobody_wrote_it(stage: Stage) -> None:
    stage.alert()
    stage.send()
    read = parsed(stage)
    [(ident,)] = stage.rows(
        "SELECT message_id FROM notification WHERE user_id = :who",
        who=str(read["To"]).partition("@")[0],
    )
    assert read["Message-ID"] == f"<{ident}@notifications.sluicegate>"
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["From"] == "Sluicegate <treasury@example.com>"


def test_nobody_is_told_outside_his_grant_even_by_hand(stage: Stage) -> None:
    alert = stage.alert(org="SH", channels=("page",))
    with pytest.raises(sa.exc.DBAPIError) as refused, transaction(stage.engine) as session:
        session.execute(
            sa.text(
                "INSERT INTO notification (org_id, alert_id, channel, role, user_id, state, "
                "created_at) VALUES ('SH', :alert, 'email', 'reviewer', 'li', 'WAITING', now())"
            ),
            {"alert": alert},
        )
    assert constraint(refused.value) == "notification_within_grant"


def test_a_role_lost_meanwhile_is_told_nothing(stage: Stage) -> None:
    stage.alert()
    with transaction(stage.engine) as session:
        session.execute(sa.text("DELETE FROM role_grant WHERE user_id = 'li'"))
    stage.send()
    assert stage.told() == [("ann", "email", "SENT"), ("li", "email", "GIVEN_UP")]
    assert [one["recipient"] for one in stage.mails()] == ["ann@example.com"]


def test_a_role_nobody_can_be_reached_in_is_seen_once(stage: Stage) -> None:
    stage.alert("a", notify=("cfo",))
    stage.alert("b", notify=("cfo",))
    stage.send()
    assert stage.told() == [(None, "email", "NO_RECIPIENT")] * 2
    found = stage.rows("SELECT code, channels, subject_id FROM alert WHERE code = 'NOBODY_TO_TELL'")
    assert found == [("NOBODY_TO_TELL", ["page"], "cfo:email")]
    assert stage.mails() == []


def test_who_may_not_read_alerts_is_not_told_of_them(stage: Stage) -> None:
    stage.alert(notify=("admin",))
    stage.send()
    assert stage.told() == [(None, "email", "NO_RECIPIENT")]
    assert stage.mails() == []


def test_without_a_mail_server_the_rows_wait_and_go_when_it_is_there(stage: Stage) -> None:
    stage.alert(notify=("reviewer", "cfo"))
    stage.worker(environ={}).run_until_idle()
    assert stage.told() == [
        ("ann", "email", "NOT_CONFIGURED"),
        ("li", "email", "NOT_CONFIGURED"),
        (None, "email", "NO_RECIPIENT"),
    ]
    # A channel that is not used is no trouble.
    assert stage.rows("SELECT code FROM alert WHERE code = 'NOBODY_TO_TELL'") == []
    for (number,) in stage.rows("SELECT id FROM notification WHERE user_id IS NOT NULL"):
        assert isinstance(number, int)
        stage.resend(number)
    stage.send()
    assert {one[2] for one in stage.told() if one[0]} == {"SENT"}
    assert len(stage.mails()) == 2
