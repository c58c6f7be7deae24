"""Static files under names that carry their content's hash, so browsers may keep them for ever.

A script is a module where it imports others: `import … from "./name.js"` is served with the
hashed name of the other file in its place, so a change anywhere below gives a new address.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import Response

_FOLDER = Path(__file__).parent / "static"
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_IMPORT = re.compile(rb"""(?<=["'])\./([\w.-]+\.js)(?=["'])""")

router = APIRouter(include_in_schema=False)


@cache
def _files() -> dict[str, Path]:
    """Name -> file; a closed list, so a request can never leave the folder."""
    found: dict[str, Path] = {}
    for file in sorted(_FOLDER.rglob("*")):
        if file.suffix in _KINDS:
            if file.name in found:
                raise ValueError(f"two static files are called {file.name}")
            found[file.name] = file
    return found


@cache
def _content(name: str) -> bytes:
    """What is served for `name`; KeyError for an import of a file that is not there."""
    content = _files()[name].read_bytes()
    if not name.endswith(".js") or name.endswith(".min.js"):
        return content
    return _IMPORT.sub(lambda found: asset(found[1].decode()).encode(), content)


@cache
def _hashed(name: str) -> str:
    return f"{hashlib.sha256(_content(name)).hexdigest()[:12]}.{name}"


@cache
def asset(name: str) -> str:
    """URL of the static file called `name`; KeyError when there is none."""
    return f"/assets/{_hashed(name)}"


@router.get("/assets/{name}")
def serve(name: str) -> Response:
    """One static file, to be cached for a year."""
    plain = name.partition(".")[2]
    if plain not in _files() or _hashed(plain) != name:
        return Response(status_code=404)
    return Response(
        _content(plain),
        media_type=_KINDS[_files()[plain].suffix],
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )
