"""Every route names a permission, or stands in the short list of public ones."""

from __future__ import annotations

import pytest
from fastapi.routing import APIRoute

from api.identity import signed_in
from api.pages.api_docs import permission_of
from api.routers import all_routes
from engine.treasury.organisations.permissions import PERMISSIONS

PUBLIC = {
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/language/{lang}"),
    ("GET", "/assets/{name}"),
    ("GET", "/api/v1/health"),
}
SIGNED_IN_ONLY = {
    ("GET", "/"),
    ("POST", "/sign-out"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
    ("GET", "/me/permissions"),
    ("GET", "/api/v1/me/permissions"),
}
KNOWN = frozenset().union(*PERMISSIONS.values())


def _names(route: APIRoute) -> set[tuple[str, str]]:
    return {(method, route.path) for method in route.methods or ()}


@pytest.mark.parametrize("route", all_routes(), ids=lambda r: f"{sorted(r.methods)[0]} {r.path}")
def test_a_route_needs_a_permission_somebody_can_hold(route: APIRoute) -> None:
    if _names(route) <= PUBLIC:
        assert permission_of(route) is None
    elif _names(route) <= SIGNED_IN_ONLY:
        assert signed_in in [one.call for one in route.dependant.dependencies]
    else:
        assert permission_of(route) in KNOWN


def test_the_lists_of_exceptions_name_only_routes_that_exist() -> None:
    known = {name for route in all_routes() for name in _names(route)}
    assert known >= PUBLIC | SIGNED_IN_ONLY


def test_no_two_routes_have_one_address() -> None:
    names = [name for route in all_routes() for name in _names(route)]
    assert len(names) == len(set(names))
