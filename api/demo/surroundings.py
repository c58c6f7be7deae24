"""The product among its simulated banks and its simulated source system, in a demo workspace."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import sqlalchemy as sa

from api.assembly import Assembly, assemble
from api.demo.opening import SOURCE
from api.demo.world import BANKS, Simulator, start_bank, start_mailbox, start_source
from api.server import WebServer
from engine.runtime.clock import Clock
from engine.runtime.schedules import Schedule
from engine.runtime.workspace import Workspace

PRODUCT_TOKEN = "claims_system_token"  # noqa: S105 - the secret's name
"""The secret with which the source system calls the product."""


def product_among_banks(
    stack: ExitStack,
    workspace: Workspace,
    engine: sa.Engine,
    clock: Clock,
    *,
    seed: int,
    frozen: bool,
    names: Sequence[str] = BANKS,
    options: Path | None = None,
    more_schedules: Sequence[Schedule] = (),
) -> tuple[Assembly, list[Simulator], Simulator]:
    """Start the simulated banks on `clock`, and the mailbox, and put the product together around
    them.

    `frozen`: the banks' clocks stand still until they are set again; `names`: which banks there
    are. All end with `stack`.
    """
    secrets = workspace.secrets()
    banks = []
    for name in names:
        token = secrets.get(f"{name}_token")
        bank = start_bank(name, simulators(workspace), seed=seed, token=token, options=options)
        stack.callback(bank.stop)
        bank.set_clock(clock.now(), frozen=frozen)
        banks.append(bank)
    secret = secrets.get("mailbox_sms")
    mailbox = start_mailbox(
        simulators(workspace), token=secrets.get("mailbox_token"), secret=secret
    )
    stack.callback(mailbox.stop)
    assembly = assemble(
        engine,
        clock,
        demo=True,
        endpoints={**endpoints_of(banks), **mail_of(mailbox, secret)},
        secrets={SOURCE: secrets.get("source_token")},
        anchors=workspace.anchors,
        more_schedules=more_schedules,
    )
    stack.callback(assembly.banks.close)
    return assembly, banks, mailbox


def mail_of(mailbox: Simulator, secret: str) -> dict[str, str]:
    """How mail and SMS reach the mailbox."""
    stats = mailbox.look("stats")
    assert isinstance(stats, dict)
    return {
        "SLUICE_SMTP_HOST": "127.0.0.1",
        "SLUICE_SMTP_PORT": str(stats["smtp_port"]),
        "SLUICE_SMTP_TLS": "none",
        "SLUICE_SMTP_FROM": "treasury@demo.example",
        "SLUICE_SMS_URL": f"{mailbox.url}/sms",
        "SLUICE_SMS_SECRET": secret,
    }


def endpoints_of(banks: Sequence[Simulator]) -> dict[str, str]:
    """Where the banks are and what opens their doors, by the names their profiles use."""
    urls = {f"SLUICE_{bank.name.upper()}_URL": bank.url for bank in banks}
    return urls | {f"SLUICE_{bank.name.upper()}_TOKEN": bank.token for bank in banks}


def source_beside(
    stack: ExitStack, workspace: Workspace, server: WebServer, *, seed: int
) -> Simulator:
    """Start the simulated source system that calls `server`; it ends with `stack`."""
    secrets = workspace.secrets()
    source = start_source(
        simulators(workspace),
        seed=seed,
        token=secrets.get("source_token"),
        product_url=server.url,
        product_token=secrets.get(PRODUCT_TOKEN),
    )
    stack.callback(source.stop)
    return source


def simulators(workspace: Workspace) -> Path:
    """The folder in which the simulators keep their own books."""
    folder = workspace.folder / "simulators"
    folder.mkdir(exist_ok=True)
    return folder
