"""What a running process of Sluicegate has at hand."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from fastapi import Request

from engine.runtime.clock import Clock


@dataclass(frozen=True, slots=True)
class Services:
    """Database, business clock and the parts assembled from the capability modules."""

    engine: sa.Engine
    clock: Clock
    demo: bool


def services_of(request: Request) -> Services:
    """The services of the application that got `request`."""
    services = request.app.state.services
    assert isinstance(services, Services)
    return services
