"""The pages of operations: who sees them, what acts do, what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.runtime import db, outbox
from tests.operations.given import action, operated, seen, signed
from tests.pages.fixtures import with_history
from tests.pages.world import World

PAGES = (
    "/operations",
    "/operations/now",
    "/operations/reload",
    "/operations/undo",
    "/operations/undo?to=1",
    "/operations/queue",
    "/operations/queue?state=done&kind=payment_batch.send&q=p&page=2",
    "/operations/sources",
    "/operations/schedules",
)


def post(world: World, user: str, address: str, **fields: object) -> tuple[int, str]:
    """Send a form as `user`; the status, and the page it leads to."""
    browser = world.client(user)
    answer = browser.http.post(address, data={"csrf": browser.csrf, **fields})
    if answer.status_code == 303:
        return 303, browser.http.get(answer.headers["location"]).text
    return answer.status_code, answer.text


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("address", PAGES)
def test_a_page_answers_in_both_languages_within_its_weight(
    read_only: World, address: str, lang: str
) -> None:
    world = operated(read_only)
    for user in ("operator", "auditor"):
        client = world.client(user, lang).http
        answer = client.get(address, headers={"accept-encoding": "gzip"})
        assert answer.status_code == 200, answer.text
        assert answer.num_bytes_downloaded <= 40_000
        assert "style=" not in answer.text
        assert "<script>" not in answer.text


def test_who_may_not_look_at_operations_is_refused_and_not_offered_them(read_only: World) -> None:
    client = read_only.client("cashier").http
    assert client.get("/operations").status_code == 403
    assert 'href="/operations"' not in client.get("/").text


def test_who_only_looks_is_offered_no_act(world: World) -> None:
    signed(world, "30万")
    action(world, "x", "dead")
    watched = operated(world)
    for address in PAGES:
        text = watched.client("auditor").http.get(address).text
        forms = set(re.findall(r'<form[^>]*method="post"[^>]*>', text))
        assert forms <= {'<form method="post" action="/sign-out">'}, address


@pytest.mark.parametrize(
    "address",
    [
        "/operations/queue/retry",
        "/operations/queue/hold",
        "/operations/queue/release",
        "/operations/queue/kinds/hold",
        "/operations/queue/kinds/release",
        "/operations/schedules/statements/hold",
        "/operations/schedules/statements/release",
        "/operations/schedules/statements/run",
        "/operations/reload",
        "/operations/undo",
        "/operations/timed/1/cancel",
    ],
)
def test_an_act_needs_its_permission(read_only: World, address: str) -> None:
    fields = {"key": "x", "kind": "x", "reason": "y", "over": "1", "to": "1"}
    status, text = post(operated(read_only), "auditor", address, **fields)
    assert status == 403
    assert "FORBIDDEN" in text


def test_the_red_list_says_what_to_do_and_which_process_is_behind(world: World) -> None:
    seen(world, ("api-1", "api", 1), ("worker-1", "worker", 0))
    action(world, "x", "dead")
    text = operated(world).client("operator").http.get("/operations/now").text
    assert "<html" not in text
    assert "1 action was given up" in text
    assert "mend the cause, then retry them" in text
    assert "/operations/queue?state=dead" in text
    assert text.count("behind the live one") == 1


def test_a_plan_is_read_chosen_and_made_live_and_undone(world: World, tmp_path: Path) -> None:
    hash = signed(world, "30万")
    operator = operated(with_history(world, tmp_path))
    text = operator.client("operator").http.get("/operations/reload").text
    assert "Parameter large falls from 500,000 to 300,000" in text
    assert "Make payment-approval 3 live" in text
    told = operator.client("operator").http.get(f"/operations/reload/impact/{hash}").text
    assert re.search(r"impact: [\d,]+ of 3,\d\d\d documents of the last 90 days", told)
    status, text = post(operator, "operator", "/operations/reload", hash=hash, over=1, reason="now")
    assert status == 303
    assert "Revision 2 is live" in text
    assert "What going back to revision 1 changes" in text
    assert "Parameter large rises from 300,000 to 500,000" in text
    status, text = post(operator, "operator", "/operations/undo", to=1, over=2, reason="no")
    assert "Revision 1 rules again, as revision 3" in text
    assert operator.one("SELECT cause FROM revision WHERE id = 3") == "undo"


def test_what_is_not_ticked_is_not_in_the_plan(world: World) -> None:
    signed(world, "30万")
    operator = operated(world).client("operator").http
    text = operator.get("/operations/reload?chosen=1").text
    assert "1 waiting version is left out" in text
    assert 'id="activate"' not in text


def test_a_plan_that_another_has_overtaken_is_not_carried_out(world: World) -> None:
    first, second = signed(world, "30万"), signed(world, "40万", 2)
    operator = operated(world)
    assert (
        post(operator, "operator", "/operations/reload", hash=first, over=1, reason="a")[0] == 303
    )
    status, text = post(operator, "operator", "/operations/reload", hash=second, over=1, reason="b")
    assert status == 409
    assert "PLAN_STALE" in text
    assert operator.one("SELECT max(id) FROM revision") == "2"


def test_nothing_becomes_live_without_a_reason(world: World) -> None:
    hash = signed(world, "30万")
    status, text = post(
        operated(world), "operator", "/operations/reload", hash=hash, over=1, reason=" "
    )
    assert (status, "NO_REASON" in text) == (400, True)
    assert world.one("SELECT max(id) FROM revision") == "1"


def test_an_action_is_held_shown_as_held_and_released(world: World) -> None:
    operator = operated(world)
    key = action(world, "sent-7")
    assert post(operator, "operator", "/operations/queue/hold", key=key, reason="bank")[0] == 303
    client = operator.client("operator").http
    assert "by operator since" in client.get("/operations/queue?state=held").text
    assert key in client.get("/operations/queue?state=held").text
    assert key not in client.get("/operations/queue?state=due").text
    post(operator, "operator", "/operations/queue/release", key=key, reason="bank is back")
    assert key in client.get("/operations/queue?state=due").text


def test_ticked_actions_are_acted_on_all_or_none(world: World) -> None:
    operator = operated(world)
    dead, ready = action(world, "a", "dead"), action(world, "b")
    status, text = post(
        operator, "operator", "/operations/queue/retry", key=[dead, ready], reason="mended"
    )
    assert (status, "NOT_DEAD" in text) == (409, True)
    assert operator.one("SELECT state FROM action WHERE key = 'a'") == "dead"
    post(operator, "operator", "/operations/queue/retry", key=[dead], reason="mended")
    assert operator.one("SELECT state FROM action WHERE key = 'a'") == "ready"


def test_a_kind_nobody_knows_is_not_held(world: World) -> None:
    status, text = post(
        operated(world), "operator", "/operations/queue/kinds/hold", kind="pay", reason="x"
    )
    assert (status, "ACTION_KIND_UNKNOWN" in text) == (404, True)


def test_a_schedule_is_held_released_and_run(world: World) -> None:
    operator = operated(world)
    place = "/operations/schedules/statements"
    assert "does not fire" in post(operator, "operator", f"{place}/hold", reason="x")[1]
    assert "by operator since" in operator.client("operator").http.get(PAGES[-1]).text
    assert "runs once more now" in post(operator, "operator", f"{place}/run", reason="x")[1]
    assert "by hand: operator" in operator.client("operator").http.get(PAGES[-1]).text
    assert "fires again" in post(operator, "operator", f"{place}/release", reason="x")[1]


def test_an_operator_does_not_release_payments_by_running_their_schedule(world: World) -> None:
    status, text = post(
        operated(world), "operator", "/operations/schedules/payments.slot.1000/run", reason="x"
    )
    assert status == 403
    assert "payments.release" in text


def test_a_message_that_was_given_up_is_sent_again_from_the_queue(world: World) -> None:
    with db.transaction(world.engine) as session:
        made = outbox.put(session, "claims-system", "D-X", "k", {}, "SH", world.clock.now())
        session.execute(
            sa.text("UPDATE outbox_message SET state = 'dead' WHERE message_id = :id"), {"id": made}
        )
    assert "D-X" in world.client("operator").http.get("/operations/queue").text
    address = "/operations/queue/letters/replay"
    assert post(world, "operator", address, message_id=made)[0] == 400
    status, text = post(world, "operator", address, message_id=made, reason="mended")
    assert status == 303
    assert "is sent again" in text
    state = "SELECT state FROM outbox_message WHERE message_id = :id"
    assert world.one(state, id=made) == "pending"
