"""One call at the bank's door: token, administration or dialect, and the fault that befalls it."""

from collections.abc import Callable, Mapping
from typing import Final

from simulators.bank.admin import administer
from simulators.bank.cn.gateway import CnDialect
from simulators.bank.core import Bank
from simulators.bank.dialect import Dialect
from simulators.bank.faults.kinds import FAULTS, Spoilt
from simulators.bank.faults.queue import FaultQueue
from simulators.bank.iso.dialect import IsoDialect
from simulators.common.http import Application, Outcome, Request, authorised, json_response

_DIALECTS: Final[Mapping[str, Callable[[Bank], Dialect]]] = {
    "iso20022": IsoDialect,
    "cn_xml": CnDialect,
}


def bank_application(bank: Bank, token: str) -> Application:
    """The bank as an application of the HTTP server."""
    dialect = _DIALECTS[bank.profile.dialect](bank)
    faults = FaultQueue(bank.store)

    def application(request: Request) -> Outcome:
        if not authorised(request, token):
            return json_response({"error": "a valid bearer token is needed"}, 401)
        for late in bank.take_late():
            dialect.answer(late)
        if request.parts[:1] == ("admin",):
            return administer(bank, request)
        call = dialect.describe(request)
        if call is None:
            return json_response({"error": f"there is no {request.method} {request.path}"}, 404)
        with bank.present() as now:
            fault = faults.take(call, now)
            bank.count(call.on)
            if fault is not None:
                bank.count(f"fault {fault.kind}")
        if fault is None:
            return dialect.answer(request)
        spoilt = Spoilt(bank, dialect, request, call, fault.seconds, fault.says)
        return FAULTS[fault.kind].apply(spoilt)

    return application
