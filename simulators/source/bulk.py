"""Many claims in one file: put, announced with a manifest, the return file fetched."""

import csv
import hashlib
import io
import json
import time
from collections import defaultdict
from decimal import Decimal
from typing import Final

import httpx

from simulators.common.fields import Refused
from simulators.common.store import Store
from simulators.source.days import Days

_TRY_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
TRIES: Final = 5


class BulkSender:
    """Speaks the product's interface for files; the same name and key at every try."""

    def __init__(
        self, store: Store, product_url: str, product_token: str, retry_seconds: float
    ) -> None:
        self._days = Days(store)
        self._url = f"{product_url.rstrip('/')}/api/v1/source-files"
        self._headers = {"Authorization": f"Bearer {product_token}"}
        self._retry_seconds = retry_seconds

    def send(self, name: str, documents: list[object], spoil: str | None) -> dict[str, object]:
        """Send all documents as the file `name`; status, answer and return file of the product.

        `spoil` makes the manifest wrong on purpose: count, sum or hash. Raises Refused.
        """
        content = _csv(documents)
        manifest = _manifest(documents, content, spoil)
        with httpx.Client(headers=self._headers, timeout=120) as client:
            put = self._call(client, "PUT", f"{self._url}/{name}", content=content)
            if put.status_code not in (200, 201):
                return {"status": put.status_code, "answer": put.json(), "result": None}
            said = self._call(
                client,
                "POST",
                f"{self._url}/{name}/notification",
                content=json.dumps(manifest).encode(),
                headers={"Idempotency-Key": f"file-{name}", "Content-Type": "application/json"},
            )
            result = self._call(client, "GET", f"{self._url}/{name}/result")
        text = result.text if result.status_code == 200 else None
        if text is not None and said.status_code in (200, 201):
            self._book(name, documents, text)
        return {"status": said.status_code, "answer": said.json(), "result": text}

    def _book(self, name: str, documents: list[object], result: str) -> None:
        """A file that was taken: its claims on this day, taken where the return file says so."""
        for document in documents:
            assert isinstance(document, dict)
            self._days.sent(document, f"file-{name}")
        rows = csv.DictReader(io.StringIO(result))
        self._days.taken([row["source_document_no"] for row in rows if row["outcome"] != "refused"])

    def _call(
        self,
        client: httpx.Client,
        method: str,
        url: str,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        for _ in range(TRIES):
            try:
                response = client.request(method, url, content=content, headers=headers)
            except httpx.TransportError:
                time.sleep(self._retry_seconds)
                continue
            if response.status_code not in _TRY_AGAIN:
                return response
            time.sleep(self._retry_seconds)
        raise Refused(f"the product does not answer {method} {url}", 504)


def _csv(documents: list[object]) -> bytes:
    rows = []
    for document in documents:
        if not isinstance(document, dict):
            raise Refused("documents must be JSON objects")
        rows.append({name: _text(value) for name, value in document.items()})
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _manifest(documents: list[object], content: bytes, spoil: str | None) -> dict[str, object]:
    counts: dict[tuple[str, str], int] = defaultdict(int)
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for document in documents:
        assert isinstance(document, dict)
        key = str(document["direction"]), str(document["currency"])
        counts[key] += 1
        sums[key] += Decimal(str(document["amount"]))
    if spoil == "sum":
        sums[next(iter(sums))] += Decimal("0.01")
    hashed = hashlib.sha256(content).hexdigest()
    return {
        "sha256": hashed[::-1] if spoil == "hash" else hashed,
        "count": len(documents) + (spoil == "count"),
        "totals": [
            {
                "direction": key[0],
                "currency": key[1],
                "count": counts[key],
                "amount": str(sums[key]),
            }
            for key in sums
        ],
    }
