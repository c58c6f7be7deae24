"""`python -m simulators.mailbox`: take mail and SMS until SIGTERM."""

import os
import sys

from simulators.common.launch import base_parser, checked_token, open_store, port_number, serve
from simulators.mailbox.box import Box
from simulators.mailbox.schema import SCHEMA
from simulators.mailbox.server import mailbox_application
from simulators.mailbox.smtp import MailServer


def main() -> None:
    """Read the command line and serve."""
    parser = base_parser("python -m simulators.mailbox", "A simulated mailbox on 127.0.0.1.")
    parser.add_argument("--smtp-port", type=port_number, default=0, help="0 for any free port")
    parser.add_argument(
        "--sms-secret", default=os.environ.get("SIM_SMS_SECRET"), help="or SIM_SMS_SECRET"
    )
    arguments = parser.parse_args()
    token = checked_token(parser, arguments.token)
    if not arguments.sms_secret:
        parser.error("a secret for SMS is needed: --sms-secret, or SIM_SMS_SECRET")
    box = Box(open_store(parser, arguments.store, SCHEMA, "mailbox"))
    try:
        mail = MailServer(box, arguments.smtp_port)
    except OSError as error:
        sys.exit(f"{parser.prog}: cannot listen for mail: {error}; choose another --smtp-port")
    try:
        application = mailbox_application(box, token, arguments.sms_secret, mail.port)
        serve(parser.prog, arguments.port, application)
    finally:
        mail.stop()


if __name__ == "__main__":
    main()
