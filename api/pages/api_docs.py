"""The JSON API as people and programs read it: a page of operations, and OpenAPI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute

from api.identity import PERMISSION_MARK, Caller, signed_in
from api.pages.shell import page
from api.routers import all_routes

router = APIRouter(include_in_schema=False)
SignedIn = Annotated[Caller, Depends(signed_in)]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the JSON API."""

    method: str
    path: str
    summary: str
    about: str
    permission: str | None
    parameters: tuple[str, ...]
    answers: tuple[str, ...]


def permission_of(route: APIRoute) -> str | None:
    """The permission a route names by its dependency `needs`; None for a public one."""
    for one in route.dependant.dependencies:
        found = getattr(one.call, PERMISSION_MARK, None)
        if isinstance(found, str):
            return found
    return None


def operations() -> list[Operation]:
    """Every operation under /api, by path."""
    made = []
    for route in all_routes():
        if not route.path.startswith("/api/"):
            continue
        own = route.dependant
        names = (
            *(f"{one.alias} (path)" for one in own.path_params),
            *(one.alias for one in own.query_params),
            *(f"{one.alias} (header)" for one in own.header_params),
        )
        answers = {route.status_code or 200, *(int(one) for one in route.responses)}
        made += [
            Operation(
                method,
                route.path,
                route.summary or (route.description or "").splitlines()[0],
                route.description or "",
                permission_of(route),
                names,
                tuple(str(one) for one in sorted(answers)),
            )
            for method in sorted(route.methods or ())
        ]
    return sorted(made, key=lambda one: (one.path, one.method))


@router.get("/docs")
def docs(request: Request, caller: SignedIn) -> Response:
    """The operations, one row each."""
    return page(request, "api.html", caller, operations=operations())


@router.get("/openapi.json", dependencies=[Depends(signed_in)])
def openapi(request: Request) -> JSONResponse:
    """OpenAPI of the JSON API; pages are not in it."""
    app: FastAPI = request.app
    return JSONResponse(
        get_openapi(
            title=app.title,
            version="1",
            description=app.description,
            routes=app.routes,
        )
    )
