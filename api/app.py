"""The web application: JSON for programs under /api, pages for people everywhere else."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.middleware.gzip import GZipMiddleware

import api.pages
import api.rest
from api.identity import Forbidden, NotSignedIn
from api.pages.shell import page, refusal, sign_in_address
from api.security import SecurityHeaders
from api.services import Services
from engine.base.text import SluiceError
from engine.treasury.organisations.errors import NotPermitted


def create_app(services: Services) -> FastAPI:
    """The application over `services`: every module with a `router` in api.rest and api.pages."""
    app = FastAPI(
        title="Sluicegate",
        description="Treasury software whose behaviour lives in versioned YAML rulesets.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.services = services
    app.add_middleware(GZipMiddleware, minimum_size=1024)
    app.add_middleware(SecurityHeaders)
    for package in (api.rest, api.pages):
        _include(app, package)
    app.add_exception_handler(SluiceError, _refused)
    return app


def _include(app: FastAPI, package: ModuleType) -> None:
    for found in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{found.name}")
        router = getattr(module, "router", None)
        if router is not None:
            app.include_router(router)


def status_of(error: SluiceError) -> int:
    """The HTTP status of an error; an error type may name its own as `http_status`."""
    if isinstance(error, NotSignedIn):
        return 401
    if isinstance(error, Forbidden | NotPermitted):
        return 403
    named = getattr(error, "http_status", 400)
    assert isinstance(named, int)
    return named


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, SluiceError)
    status = status_of(error)
    if request.url.path.startswith("/api/"):
        body = {
            "code": error.code,
            "message_en": error.text.en,
            "message_zh": error.text.zh,
        }
        return JSONResponse(body, status_code=status)
    if isinstance(error, NotSignedIn):
        return RedirectResponse(sign_in_address(request), status_code=303)
    return page(request, "refused.html", notes=(refusal(request, error),), status=status)
