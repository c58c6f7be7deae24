"""Every way in by HTTP: the routers of the modules in api.rest and api.pages."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from fastapi import APIRouter
from fastapi.routing import APIRoute

PACKAGES = ("api.rest", "api.pages")


def routers() -> Iterator[APIRouter]:
    """The `router` of every module that has one; a new module needs no list to be added to."""
    for name in PACKAGES:
        package = importlib.import_module(name)
        for found in pkgutil.iter_modules(package.__path__):
            router = getattr(importlib.import_module(f"{name}.{found.name}"), "router", None)
            if isinstance(router, APIRouter):
                yield router


def all_routes() -> list[APIRoute]:
    """Every route, pages and JSON alike."""
    return [one for router in routers() for one in router.routes if isinstance(one, APIRoute)]
