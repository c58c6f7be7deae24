"""The web application: JSON for programs under /api, pages for people everywhere else."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from api.identity import NotSignedIn
from api.limits import BodyLimit
from api.pages.shell import page, refusal, sign_in_address
from api.routers import all_routes
from api.security import SecurityHeaders
from api.services import Services
from api.statuses import error_body, status_of
from engine.base.text import SluiceError, Text


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
    app.add_middleware(BodyLimit)
    app.add_middleware(SecurityHeaders)
    app.router.routes.extend(all_routes())
    app.add_exception_handler(SluiceError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    return app


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, SluiceError)
    status = status_of(error)
    if request.url.path.startswith("/api/"):
        return JSONResponse(error_body(error), status_code=status)
    if isinstance(error, NotSignedIn):
        return RedirectResponse(sign_in_address(request), status_code=303)
    return page(request, "refused.html", notes=(refusal(request, error),), status=status)


def _invalid(request: Request, error: Exception) -> Response:
    """A request whose parts are missing or of the wrong type: 422, each part named."""
    assert isinstance(error, RequestValidationError)
    parts = [
        (".".join(str(one) for one in found["loc"][1:]) or str(found["loc"][0]), str(found["msg"]))
        for found in error.errors()
    ]
    named = "; ".join(f"{place}: {message}" for place, message in parts)
    refused = SluiceError(
        "REQUEST_INVALID",
        Text(f"the request cannot be read: {named}", f"请求无法识别:{named}"),
    )
    if request.url.path.startswith("/api/"):
        findings = [{"place": place, "message": message} for place, message in parts]
        return JSONResponse({**error_body(refused), "findings": findings}, status_code=422)
    return page(request, "refused.html", notes=(refusal(request, refused),), status=422)


def _http(request: Request, error: Exception) -> Response:
    """What the framework refuses itself: unknown addresses and methods."""
    assert isinstance(error, HTTPException)
    refused = SluiceError(
        "NO_SUCH_ADDRESS" if error.status_code == 404 else f"HTTP_{error.status_code}",
        Text(
            f"there is nothing at {request.url.path} for {request.method}; check the address",
            f"地址 {request.url.path} 不支持 {request.method};请核对地址",
        ),
    )
    if request.url.path.startswith("/api/"):
        return JSONResponse(error_body(refused), status_code=error.status_code)
    notes = (refusal(request, refused),)
    return page(request, "refused.html", notes=notes, status=error.status_code)
