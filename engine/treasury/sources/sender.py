"""Telling source systems what became of their documents: the outbox's carrier over HTTP."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import httpx
import sqlalchemy as sa
from sqlmodel import Session

from engine.runtime.https import trusted
from engine.runtime.jsontypes import JsonError, JsonObject, canonical_json, parse_object
from engine.runtime.outbox import Acked, Letter, NotAcked, Refused
from engine.treasury.organisations.models import UserAccount

CONNECT_SECONDS = 5
READ_SECONDS = 10

MESSAGES = "/messages"
"""Path at a source system that takes messages, where its endpoint names only the server."""

DAYS = "/reconciliation"
"""Path at a source system that tells what it sent and received on a day."""

FINAL = frozenset({400, 404, 405, 409, 410, 413, 415, 422})
"""Answers that will be the same however often it is sent: a person has to look."""


@dataclass(frozen=True, slots=True)
class Unasked:
    """A source that could not be asked; `again` when asking later may help."""

    reason: str
    again: bool


class SourceSender:
    """Sends messages to the endpoint of the source system's user.

    `tokens` holds the bearer token by source system. Acknowledged is only an answer 200 that
    names the message; everything else may or may not have arrived and is sent again.
    """

    def __init__(self, engine: sa.Engine, tokens: Mapping[str, str]) -> None:
        self._engine = engine
        self._tokens = tokens
        self._http = httpx.Client(
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            verify=trusted(),
            trust_env=False,
        )

    def send(self, letter: Letter) -> Acked | NotAcked | Refused:
        """Send `letter` and say what came back; no transaction is open meanwhile."""
        endpoint = self._endpoint(letter.destination)
        if endpoint is None:
            return Refused(f"{letter.destination} has no endpoint; set one, then replay")
        token = self._tokens.get(letter.destination)
        if token is None:
            return NotAcked(f"no token for {letter.destination} is known here")
        body = canonical_json({**letter.body, "message_id": letter.message_id})
        try:
            answer = self._http.post(
                endpoint,
                content=body.encode(),
                headers={
                    "Authorization": f"Bearer {token}",
                    "Content-Type": "application/json",
                },
            )
        except httpx.HTTPError as error:
            return NotAcked(f"{endpoint}: {type(error).__name__} {error}".strip())
        return _read(letter, answer)

    def day(self, source: str, date: dt.date) -> JsonObject | Unasked:
        """What the source says it sent and received on `date`; no transaction is open meanwhile."""
        endpoint, token = self._endpoint(source), self._tokens.get(source)
        if endpoint is None or token is None:
            return Unasked(f"no endpoint or no token for {source} is known here", again=False)
        url = httpx.URL(endpoint).copy_with(path=DAYS, params={"date": date.isoformat()})
        try:
            answer = self._http.get(url, headers={"Authorization": f"Bearer {token}"})
        except httpx.HTTPError as error:
            return Unasked(f"{url}: {type(error).__name__} {error}".strip(), again=True)
        if answer.status_code != httpx.codes.OK:
            final = answer.status_code in FINAL
            return Unasked(f"{url}: HTTP {answer.status_code}", again=not final)
        try:
            return parse_object(answer.content)
        except JsonError as error:
            return Unasked(f"{url}: {error.text.en}", again=False)

    def close(self) -> None:
        """Give connections back."""
        self._http.close()

    def _endpoint(self, destination: str) -> str | None:
        with Session(self._engine) as session:
            found = session.get(UserAccount, destination)
            given = None if found is None else found.endpoint
        if not given:
            return None
        url = httpx.URL(given)
        return str(url.copy_with(path=MESSAGES)) if url.path in ("", "/") else given


def _read(letter: Letter, answer: httpx.Response) -> Acked | NotAcked | Refused:
    if answer.status_code in FINAL:
        return Refused(f"HTTP {answer.status_code}: {answer.text[:200]}")
    if answer.status_code != httpx.codes.OK:
        return NotAcked(f"HTTP {answer.status_code}")
    try:
        said = parse_object(answer.content)
    except JsonError as error:
        return NotAcked(error.text.en)
    if said.get("ack") != letter.message_id:
        return NotAcked("the answer does not acknowledge this message")
    return Acked(said)
