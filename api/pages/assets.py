"""Static files under names that carry their content's hash, so browsers may keep them for ever."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response

_FOLDER = Path(__file__).parent / "static"
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

router = APIRouter(include_in_schema=False)


@cache
def _hashed() -> dict[str, Path]:
    """Hashed name -> file; a closed list, so a request can never leave the folder."""
    return {
        f"{_hash(file)}.{file.name}": file
        for file in sorted(_FOLDER.rglob("*"))
        if file.suffix in _KINDS
    }


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


@cache
def asset(name: str) -> str:
    """URL of the static file called `name`; KeyError when there is none."""
    for hashed, file in _hashed().items():
        if file.name == name:
            return f"/assets/{hashed}"
    raise KeyError(name)


@router.get("/assets/{name}")
def serve(name: str) -> Response:
    """One static file, to be cached for a year."""
    file = _hashed().get(name)
    if file is None:
        return Response(status_code=404)
    return FileResponse(
        file,
        media_type=_KINDS[file.suffix],
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )
