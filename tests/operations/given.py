"""The played day with something for an operator to see and do."""

from __future__ import annotations

import re
from dataclasses import replace

import sqlalchemy as sa

from api.assembly import assemble
from api.demo.playing import shipped_rulesets
from engine.rulebook import publish
from engine.runtime.audit import AnchorFile
from engine.runtime.db import transaction
from engine.treasury.monitor.heartbeat import beat
from tests.pages.world import World

FILE = "approval/payment-approval.yaml"


def operated(world: World) -> World:
    """The day as `sluice run` serves it: schedules, kinds of action and banks are known."""
    anchors = world.services.anchors
    assert isinstance(anchors, AnchorFile)
    made = assemble(
        world.engine,
        world.clock,
        demo=True,
        endpoints={},
        secrets={},
        anchors=anchors,
    )
    services = replace(made.services, histories=world.services.histories)
    return replace(world, services=services)


def signed(world: World, large: str, step: int = 1, file: str = FILE) -> str:
    """A signed version of payment-approval under another threshold that waits; its hash."""
    text = (shipped_rulesets() / file).read_text("utf-8")
    text = re.sub(r"(?m)^version: (\d+)$", lambda found: f"version: {int(found[1]) + step}", text)
    text = re.sub(r"(?m)^(params: .*large: )\S+}", rf"\g<1>{large}}}", text, count=1)
    with transaction(world.engine) as session:
        return publish(
            session,
            text,
            file,
            author="analyst",
            reviewer="treasurer",
            reason="two signatures earlier",
            now=world.clock.now(),
        ).hash


def seen(world: World, *processes: tuple[str, str, int]) -> None:
    """Processes by name, kind and revision, seen just now; and a monitor without an engine."""
    with transaction(world.engine) as session:
        beat(session, None, None, 0)
        for name, kind, revision in processes:
            session.execute(
                sa.text(
                    "INSERT INTO replica (name, kind, pid, host, revision, started_at, seen_at) "
                    "VALUES (:name, :kind, 4711, 'treasury-1', :revision, clock_timestamp(), "
                    "clock_timestamp())"
                ),
                {"name": name, "kind": kind, "revision": revision},
            )


def action(
    world: World, key: str, state: str = "ready", kind: str = "payment_batch.send", org: str = "BJ"
) -> str:
    """An action of the queue; its key."""
    with transaction(world.engine) as session:
        session.execute(
            sa.text(
                "INSERT INTO action (org_id, kind, key, payload, state, lease_until, worker, "
                "attempts, crashes, last_error) VALUES (:org, :kind, :key, '{}', "
                "CAST(:state AS text), CASE WHEN CAST(:state AS text) = 'leased' "
                "THEN clock_timestamp() + interval '1 hour' END, 'worker-1', 3, :crashes, :error)"
            ),
            {
                "org": org,
                "kind": kind,
                "key": key,
                "state": state,
                "crashes": 8 if state == "dead" else 0,
                "error": "ValueError: odd" if state == "dead" else None,
            },
        )
    return key
