"""Files of source systems: put, announce with a manifest, fetch the return file."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from api.downloads import CSV, download
from api.identity import Caller, needs
from api.rest.errors import Problem
from api.services import services_of
from engine.runtime.db import run_in_transaction, transaction
from engine.treasury.sources import files

router = APIRouter(prefix="/api/v1/source-files", tags=["source systems"])
May = Annotated[Caller, Depends(needs("documents.submit"))]
Name = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,120}$")]


class PutFile(BaseModel):
    """A file that is kept; announce it next."""

    name: str
    sha256: str


class TotalIn(BaseModel):
    """Of one direction and currency; `amount` is a decimal string in major units."""

    direction: str = Field(pattern="^(pay|collect)$")
    currency: str = Field(min_length=3, max_length=3)
    count: int = Field(ge=0)
    amount: str = Field(max_length=30, examples=["1234.50"])


class ManifestIn(BaseModel):
    """What must be true of the file, or nothing of it is taken."""

    sha256: str = Field(pattern="^[0-9A-Fa-f]{64}$")
    count: int = Field(ge=0)
    totals: list[TotalIn] = Field(max_length=100)

    def manifest(self) -> files.Manifest:
        """For the engine."""
        totals = (files.Total(o.direction, o.currency, o.count, o.amount) for o in self.totals)
        return files.Manifest(self.sha256, self.count, tuple(totals))


async def _content(request: Request) -> bytes:
    return await request.body()


@router.put(
    "/{name}",
    summary="Put a file (CSV or xlsx as for imports); nothing is registered yet",
    status_code=201,
    response_model=PutFile,
    responses={
        200: {"model": PutFile, "description": "It is there already, with this content"},
        409: {"model": Problem, "description": "The name has other content"},
        413: {"model": Problem, "description": "Too large"},
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string"}}},
        }
    },
)
def put(
    request: Request, caller: May, name: Name, content: Annotated[bytes, Depends(_content)]
) -> JSONResponse:
    """Kept whole in one transaction, or not at all."""
    services = services_of(request)
    with transaction(services.engine) as session:
        now = services.clock.now()
        sha256, new = files.put_file(session, caller.user_id, name, content, now)
    said = PutFile(name=name, sha256=sha256)
    return JSONResponse(said.model_dump(), status_code=201 if new else 200)


@router.post(
    "/{name}/notification",
    summary="Announce a file: it is registered whole, or refused with the place that differs",
    status_code=201,
    responses={
        200: {"description": "The same notification again: the first answer"},
        400: {"model": Problem, "description": "No Idempotency-Key"},
        404: {"model": Problem, "description": "The file was not put"},
        409: {"model": Problem, "description": "The key announced something else, or file seen"},
        422: {"model": Problem, "description": "Hash, count or sums differ; see findings"},
    },
)
def notify(
    request: Request,
    caller: May,
    name: Name,
    manifest: ManifestIn,
    idempotency_key: Annotated[str, Header()] = "",
) -> JSONResponse:
    """Rows that the rules return or refuse are told in the return file."""
    services = services_of(request)
    answer = run_in_transaction(
        services.engine,
        lambda session: files.notify(
            session,
            services.rulebook,
            caller.user_id,
            name,
            idempotency_key,
            manifest.manifest(),
            services.clock.now(),
        ),
    )
    return JSONResponse(answer.body, status_code=answer.status)


@router.get(
    "/{name}/result",
    summary="The return file: CSV, what became of every row",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}, 404: {"model": Problem}},
)
def result(request: Request, caller: May, name: Name) -> Response:
    """The same bytes every time."""
    with transaction(services_of(request).engine) as session:
        content = files.result_of(session, caller.user_id, name)
    return download(content, f"{name}.result.csv", CSV)
