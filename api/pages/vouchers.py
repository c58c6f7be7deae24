"""Vouchers: the list with its totals, Excel, one voucher."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.access import unmasked_orgs
from api.downloads import XLSX, download
from api.filters import date_of, text_of
from api.identity import Caller, needs
from api.pages.language import language_of
from api.pages.shell import Note, page, pager, refusal, with_query
from api.services import services_of
from engine.base.text import SluiceError, Text
from engine.runtime.db import transaction
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.organisations.tree import organisations
from engine.treasury.vouchers.export import TYPES, export_xlsx
from engine.treasury.vouchers.listing import MOST, Filters, vouchers

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("vouchers.read"))]
ROWS = 50


class VoucherError(SluiceError):
    """A voucher that cannot be shown."""


def voucher_filter(query: dict[str, str]) -> Filters:
    """The filter of an address; FilterError for what cannot be read."""
    return Filters(
        first=date_of(query.get("from")),
        last=date_of(query.get("to")),
        org_id=text_of(query.get("org")),
        number=text_of(query.get("number")),
        account=text_of(query.get("account")),
        voucher_type=text_of(query.get("type")),
        document_no=text_of(query.get("document")),
        text=text_of(query.get("q")),
    )


@router.get("/vouchers")
def list_page(request: Request, caller: May) -> Response:
    """The list by date and number."""
    query = request.query_params
    notes: tuple[Note, ...] = ()
    number = max(1, int(query["page"])) if query.get("page", "").isdecimal() else 1
    try:
        wanted = voucher_filter(dict(query))
    except SluiceError as error:
        wanted, notes = Filters(), (refusal(request, error),)
    with transaction(services_of(request).engine) as session:
        found = vouchers(session, caller.user_id, wanted, limit=ROWS, offset=(number - 1) * ROWS)
        seen = visible_orgs(session, caller.user_id, "vouchers.read")
        orgs = [one for one in organisations(session).values() if one.id in seen]
    return page(
        request,
        "vouchers.html",
        caller,
        notes=notes,
        found=found,
        orgs=orgs,
        types=tuple(TYPES),
        excel=with_query(request).replace("/vouchers", "/vouchers/export.xlsx", 1),
        pager=pager(request, number, ROWS, found.count),
    )


@router.get("/vouchers/export.xlsx")
def excel(request: Request, caller: May) -> Response:
    """All vouchers of the filter, one row per line."""
    services = services_of(request)
    wanted = voucher_filter(dict(request.query_params))
    with transaction(services.engine) as session:
        found = vouchers(session, caller.user_id, wanted, limit=MOST)
    day = services.clock.business_date()
    return download(export_xlsx(found, language_of(request)), f"vouchers-{day}.xlsx", XLSX)


@router.get("/vouchers/{number}")
def one(request: Request, caller: May, number: str) -> Response:
    """One voucher with its lines and dimensions."""
    with transaction(services_of(request).engine) as session:
        found = vouchers(session, caller.user_id, Filters(number=number), limit=1)
        open_orgs = unmasked_orgs(session, caller.user_id)
    if not found.rows:
        raise VoucherError(
            "VOUCHER_UNKNOWN",
            Text(
                f"there is no voucher {number} among those you may see; check the number",
                f"在您可查看的范围内没有凭证 {number};请核对凭证号",
            ),
        )
    return page(request, "voucher.html", caller, voucher=found.rows[0], open_orgs=open_orgs)
