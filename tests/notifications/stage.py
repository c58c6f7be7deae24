"""What tests of notifications do: raise alerts, let workers send, look into the mailbox."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from engine.base.text import Text
from engine.runtime.actions import Registry, Worker
from engine.runtime.clock import ManualClock
from engine.runtime.db import transaction
from engine.treasury.alerts.board import raise_alerts
from engine.treasury.notifications import resending
from engine.treasury.notifications.carriers import Carriers
from engine.treasury.notifications.sending import open_carriers, register
from engine.treasury.organisations.models import RoleGrant, UserAccount
from simulators.common.fields import Fields
from simulators.common.store import Store
from simulators.mailbox.box import Box
from simulators.mailbox.schema import SCHEMA
from simulators.mailbox.server import mailbox_application
from simulators.mailbox.smtp import MailServer
from tests.notifications.drafts import draft
from tests.payments.world import Draft, accounts_of, unpaid
from tests.simulators.running import TOKEN, listening

SECRET = "a-secret-of-the-tests-1"

PEOPLE = (
    ("li", "BJ", "reviewer", "zh", "li@example.com", "+8613800000001"),
    ("ann", "GROUP", "reviewer", "en", "ann@example.com", None),
    ("shen", "SH", "reviewer", "zh", "shen@example.com", "13800000003"),
    ("wu", "BJ", "reviewer", "zh", None, None),
    ("ops", "GROUP", "operator", "en", None, None),
    ("root", "GROUP", "admin", "en", "root@example.com", None),
)
"""User, organisation, role, language, e-mail, telephone."""


@contextmanager
def receiving(store: Path) -> Iterator[tuple[Box, dict[str, str]]]:
    """A mailbox, and the environment that sends there."""
    box = Box(Store(store, SCHEMA))
    mail = MailServer(box)
    with listening(mailbox_application(box, TOKEN, SECRET, mail.port)) as port:
        yield (
            box,
            {
                "SLUICE_SMTP_HOST": "127.0.0.1",
                "SLUICE_SMTP_PORT": str(mail.port),
                "SLUICE_SMTP_TLS": "none",
                "SLUICE_SMTP_FROM": "treasury@example.com",
                "SLUICE_SMS_URL": f"http://127.0.0.1:{port}/sms",
                "SLUICE_SMS_SECRET": SECRET,
            },
        )
    mail.stop()


@dataclass
class Stage:
    """Everything a test moves."""

    engine: sa.Engine
    clock: ManualClock
    box: Box
    environ: dict[str, str]
    raised: list[int] = field(default_factory=list)

    def people(self) -> None:
        """People with and without addresses."""
        with transaction(self.engine) as session:
            for user, org, role, language, email, phone in PEOPLE:
                session.add(
                    UserAccount(
                        id=user, org_id=org, name=user, language=language, email=email, phone=phone
                    )
                )
                session.flush()
                session.add(RoleGrant(user_id=user, role=role, org_id=org))

    def document(self, number: int = 1, **more: object) -> int:
        """An approved payment."""
        with transaction(self.engine) as session:
            account = accounts_of(session).pay_account
            draft = Draft(number, account=account, **more)  # type: ignore[arg-type]
            return unpaid(session, self.clock, [draft])[0]

    def alert(
        self,
        key: str = "k",
        *,
        org: str = "BJ01",
        notify: Sequence[str] = ("reviewer",),
        channels: Sequence[str] = ("page", "email"),
        subject: tuple[str, str] = ("thing", "x"),
        message: Text | None = None,
        template: str | None = None,
    ) -> int:
        """Raise an alert; its id."""
        one = draft(
            key,
            org_id=org,
            subject_kind=subject[0],
            subject_id=subject[1],
            text=message or Text("a large payment", "大额支付"),
            notify=tuple(notify),
            channels=tuple(channels),
            template=template,
        )
        with transaction(self.engine) as session:
            return raise_alerts(session, [one], self.clock.now())[key]

    def worker(
        self, name: str = "one", *, carriers: Carriers | None = None, environ: object = None
    ) -> Worker:
        """A worker that sends; `environ` instead of the mailbox's."""
        registry = Registry()
        env = environ if isinstance(environ, Mapping) else self.environ
        register(registry, carriers or open_carriers(env))
        return Worker(self.engine, self.clock, registry, name)

    def send(self) -> None:
        """Let a worker come to rest."""
        self.worker().run_until_idle(most=500)

    def later(self, **by: int) -> None:
        """Move the clock on and let a worker come to rest."""
        self.clock.advance(dt.timedelta(**by))
        self.send()

    def fault(self, channel: str, fault: str, code: int = 550, times: int = 1) -> None:
        """What goes wrong next."""
        given = {"channel": channel, "fault": fault, "code": code, "times": times}
        self.box.plan(Fields(given, "fault"))

    def resend(self, number: int, user: str = "ops", reason: str = "mended") -> None:
        """Send again."""
        with transaction(self.engine) as session:
            resending.resend(session, user, number, reason, self.clock.now())

    def rows(self, query: str, **values: object) -> list[tuple[object, ...]]:
        """What a query gives."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query), values)]

    def told(self) -> list[tuple[object, ...]]:
        """User, channel and state of every notification."""
        return self.rows("SELECT user_id, channel, state FROM notification ORDER BY 2, 1, role")

    def one(self, what: str, number: int | None = None) -> object:
        """A column of a notification, of the only one where none is named."""
        where = "" if number is None else " WHERE id = :id"
        [(value,)] = self.rows(f"SELECT {what} FROM notification{where}", id=number)
        return value

    def mails(self) -> list[dict[str, object]]:
        """The mails in the box, newest first."""
        return [one for one in self.box.messages() if one["channel"] == "email"]

    def texts(self) -> list[dict[str, object]]:
        """The SMS in the box, newest first."""
        return [one for one in self.box.messages() if one["channel"] == "sms"]
