"""What a running process of Sluicegate has at hand."""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa
from fastapi import Request

from engine.banks.connect import Banks
from engine.banks.profile import BankProfile
from engine.base.text import Text
from engine.rulebook import Rulebook
from engine.rulebook.history import HistoryError, LoadedHistories
from engine.runtime.audit import AnchorFile
from engine.runtime.clock import Clock
from engine.runtime.schedules import Schedule
from engine.treasury.notifications.carriers import Carriers


@dataclass(frozen=True, slots=True)
class Services:
    """Database, business clock and the parts assembled from the capability modules."""

    engine: sa.Engine
    clock: Clock
    demo: bool
    rulebook: Rulebook = field(default_factory=Rulebook)
    anchors: AnchorFile | None = None
    """Heads of the audit chain outside the database; None where nobody keeps them."""
    histories: LoadedHistories | None = None
    """Decision history for previews; None where no workspace keeps it."""
    schedules: tuple[Schedule, ...] = ()
    """What fires by itself."""
    kinds: tuple[str, ...] = ()
    """Kinds of action that have a handler."""
    banks: Banks | None = None
    """Connectors of the banks; None where this process reaches none."""
    carriers: Carriers | None = None
    """How notifications leave; None where this process sends none."""

    def bank_configured(self, profile: BankProfile) -> bool | None:
        """Whether the bank's endpoint and token are set; None where this process cannot know."""
        return None if self.banks is None else self.banks.configured(profile)


def services_of(request: Request) -> Services:
    """The services of the application that got `request`."""
    services = request.app.state.services
    assert isinstance(services, Services)
    return services


def histories_of(services: Services) -> LoadedHistories:
    """The kept decision history. Raises HistoryError NO_HISTORY where nobody keeps it."""
    if services.histories is None:
        raise HistoryError(
            "NO_HISTORY",
            Text(
                "this server keeps no decision history; start it with a workspace",
                "此服务器未保存决策历史；请以工作区方式启动",
            ),
        )
    return services.histories
