"""Files to download: media types and a file name that survives Chinese."""

from __future__ import annotations

from urllib.parse import quote

from fastapi.responses import Response

BINARY = "application/octet-stream"
CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def download(content: bytes, name: str, media_type: str) -> Response:
    """`content` as an attachment called `name`."""
    return Response(
        content,
        media_type=media_type,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"},
    )
