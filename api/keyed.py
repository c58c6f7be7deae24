"""A call that names its operation: the same Idempotency-Key again gets the first answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import Header, Request
from pydantic import BaseModel, TypeAdapter
from sqlmodel import Session

from api.identity import Caller
from api.services import services_of
from engine.runtime import inbox
from engine.runtime.db import run_in_transaction
from engine.runtime.jsontypes import canonical_json, check_object, content_hash

T = TypeVar("T")

IdempotencyKey = Annotated[
    str,
    Header(
        max_length=200,
        description="Your name for this operation, the same when you repeat it: it is carried out "
        "once and answered as the first time; with other content 409 KEY_REUSED",
    ),
]


def keyed(
    request: Request,
    caller: Caller,
    key: str,
    given: BaseModel,
    answer: type[T],
    work: Callable[[Session], T],
) -> T:
    """What `work` answers, in one transaction; without a key it is carried out each time.

    A key belongs to the caller and to the address it is sent to. What `work` raises leaves nothing
    behind, not even the key. Raises InboxError KEY_REUSED (409).
    """
    services = services_of(request)
    shape = TypeAdapter(answer)
    named = f"{request.method} {request.url.path} {key}"
    content = content_hash(check_object(given.model_dump(mode="json")))

    def once(session: Session) -> T:
        if not key:
            return work(session)
        now = services.clock.now()
        found = inbox.once(
            session,
            caller.user_id,
            named,
            content,
            now,
            lambda: check_object({"answer": shape.dump_python(work(session), mode="json")}),
            org_id=caller.visitor.org_id,
        )
        return shape.validate_json(canonical_json(found["answer"]))

    return run_in_transaction(services.engine, once)
