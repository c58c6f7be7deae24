"""One way to answer with a page: template, language, menu, notes, who is signed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from api.identity import Caller
from api.pages import show
from api.pages.assets import asset
from api.pages.language import language_of, translate, word
from api.services import services_of
from engine.base.text import SluiceError

MENU = (
    ("nav.today", "/", "documents.read"),
    ("nav.payments", "/payments", "documents.read"),
    ("nav.approvals", "/approvals", "approvals.decide"),
    ("nav.delegations", "/delegations", "delegations.read"),
    ("nav.accounts", "/accounts", "accounts.read"),
    ("nav.reconcile", "/reconcile", "statements.reconcile"),
    ("nav.rulesets", "/rulesets", "rulesets.read"),
    ("nav.words", "/words", "rulesets.read"),
    ("nav.vouchers", "/vouchers", "vouchers.read"),
    ("nav.trace", "/trace", "documents.read"),
    ("nav.explain", "/explain", "rulesets.read"),
    ("nav.alerts", "/alerts", "alerts.read"),
    ("nav.audit", "/audit", "audit.read"),
    ("nav.operations", "/operations", "operations.read"),
)
"""Label key, address, and the permission without which the entry is not offered."""

_UNDER = {
    "drafts": "/rulesets",
    "revisions": "/rulesets",
    "decisions": "/explain",
    "pay": "/payments",
    "cash": "/payments",
    "unclear": "/payments",
    "statements": "/accounts",
}
"""First part of an address -> the entry of the menu that leads there, where it has no own one."""


def _entry(path: str) -> str:
    """The address of the menu's entry that `path` belongs to."""
    first = path.split("/")[1]
    return _UNDER.get(first, f"/{first}")


def first_page(caller: Caller) -> str:
    """The first entry of the caller's menu; who has none sees what he may."""
    offered = (href for _, href, permission in MENU if permission in caller.permissions)
    return next(offered, "/me/permissions")


@dataclass(frozen=True, slots=True)
class Note:
    """One line above a page: what just happened, or what is wrong."""

    tone: Literal["good", "bad", ""]
    text: str


@dataclass(frozen=True, slots=True)
class Pager:
    """Where a page of a list stands: what is shown, and the addresses of its neighbours."""

    first: int
    last: int
    count: int
    before: str | None
    after: str | None

    @property
    def hidden(self) -> int:
        """Rows of the list that this page does not show."""
        return self.count - max(0, self.last - self.first + 1)


def pager(request: Request, number: int, size: int, count: int) -> Pager:
    """The pager of page `number` (from 1) of a list of `count` rows; filters stay in the links."""
    first = (number - 1) * size + 1
    last = min(number * size, count)
    return Pager(
        first,
        last,
        count,
        with_query(request, page=number - 1) if number > 1 else None,
        with_query(request, page=number + 1) if last < count else None,
    )


class Asked(dict[str, str]):
    """The filters in an address, for templates: what is not there is empty text."""

    def __missing__(self, name: str) -> str:
        return ""


def asked(request: Request) -> Asked:
    """The filters of the address; page number and carried notes are none."""
    return Asked(
        (name, value)
        for name, value in request.query_params.items()
        if name not in ("done", "page") and not name.startswith("v.") and value
    )


def with_query(request: Request, **changes: str | int | Sequence[str] | None) -> str:
    """This page's address with some of its query changed; None takes a part away."""
    kept = [
        (name, value)
        for name, value in request.query_params.multi_items()
        if name not in changes and name not in ("done", "page") and not name.startswith("v.")
    ]
    for name, value in changes.items():
        if isinstance(value, str | int):
            kept.append((name, str(value)))
        elif value is not None:
            kept += [(name, one) for one in value]
    query = urlencode([(name, value) for name, value in kept if value])
    return f"{request.url.path}?{query}" if query else request.url.path


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(("html",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "money": show.money,
        "capitals": show.capitals,
        "instant": show.instant,
        "account": show.account,
        "brief": show.brief,
        "clock": show.clock,
        "count": show.count,
        "plain": show.plain,
        "share": show.share,
    }
    environment.globals |= {"asset": asset}
    return environment


_TEMPLATES = _environment()


def page(
    request: Request,
    template: str,
    caller: Caller | None = None,
    *,
    notes: tuple[Note, ...] = (),
    status: int = 200,
    **values: object,
) -> HTMLResponse:
    """Render `template` with `values`; every page also gets t, lang, me, csrf, menu, now, notes."""
    services = services_of(request)
    lang = language_of(request)
    path = request.url.path
    query = request.url.query
    menu = [
        {
            "key": key,
            "href": href,
            "current": href == _entry(path),
        }
        for key, href, permission in MENU
        if caller is not None and permission in caller.permissions
    ]
    text = _TEMPLATES.get_template(template).render(
        request=request,
        lang=lang,
        t=partial(translate, lang),
        word=partial(word, lang),
        here=partial(with_query, request),
        q=asked(request),
        me=caller.visitor if caller else None,
        csrf=caller.visitor.csrf_token if caller else None,
        can=caller.permissions if caller else frozenset(),
        menu=menu,
        address=f"{path}?{query}" if query and request.method == "GET" else path,
        demo=services.demo,
        now=services.clock.now(),
        notes=(*notes, *_carried(request)),
        **values,
    )
    return HTMLResponse(text, status_code=status)


def go(address: str, *, key: str | None = None, **values: str | int) -> RedirectResponse:
    """Answer a form by going to `address`, where the sentence `key` is shown once."""
    if key is not None:
        query = urlencode({"done": key, **{f"v.{name}": value for name, value in values.items()}})
        address += ("&" if "?" in address else "?") + query
    return RedirectResponse(address, status_code=303)


def _carried(request: Request) -> tuple[Note, ...]:
    """The sentence a form answer carried along; only keys of the catalog, values are escaped."""
    key = request.query_params.get("done")
    if key is None or not key.startswith("done."):
        return ()
    values = {k[2:]: v for k, v in request.query_params.items() if k.startswith("v.")}
    try:
        return (Note("good", translate(language_of(request), key, **values)),)
    except (KeyError, IndexError):
        return ()


def refusal(request: Request, error: SluiceError) -> Note:
    """A note that says why something was refused, in the user's language."""
    return Note("bad", f"{error.text.say(language_of(request))} [{error.code}]")


def sign_in_address(request: Request) -> str:
    """Where to send somebody who is not signed in, so that he comes back afterwards."""
    if request.method != "GET":
        return "/sign-in"
    query = request.url.query
    address = f"{request.url.path}?{query}" if query else request.url.path
    return f"/sign-in?next={quote(address, safe='/')}"
