"""`python -m simulators.bank`: serve one bank until SIGTERM."""

import logging
import threading

from simulators.bank.core import Bank
from simulators.bank.profiles import PROFILES, read_options
from simulators.bank.schema import SCHEMA
from simulators.bank.server import bank_application
from simulators.common.fields import Refused
from simulators.common.launch import base_parser, checked_token, open_store, serve
from simulators.common.launch import read_options as read_options_file

_TICK_SECONDS = 0.2


def _keep_going(bank: Bank, stop: threading.Event) -> None:
    """Let time pass while nobody calls, so that statements appear by themselves."""
    while not stop.wait(_TICK_SECONDS):
        try:
            with bank.present():
                pass
        except Exception:
            logging.getLogger("simulators").exception("the bank could not move on")


def main() -> None:
    """Read the command line and serve."""
    parser = base_parser("python -m simulators.bank", "A simulated bank on 127.0.0.1.")
    parser.add_argument("--profile", choices=sorted(PROFILES), required=True)
    arguments = parser.parse_args()
    token = checked_token(parser, arguments.token)
    profile = PROFILES[arguments.profile]
    try:
        options = read_options(read_options_file(parser, arguments.options), profile.options)
    except Refused as refused:
        parser.error(f"--options: {refused.message}")
    store = open_store(parser, arguments.store, SCHEMA, f"bank {profile.name}")
    bank = Bank(profile, options, store, arguments.seed)
    stop = threading.Event()
    ticking = threading.Thread(target=_keep_going, args=(bank, stop))
    ticking.start()
    try:
        serve(parser.prog, arguments.port, bank_application(bank, token))
    finally:
        stop.set()
        ticking.join()
        store.close()


if __name__ == "__main__":
    main()
