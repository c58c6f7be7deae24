"""`python -m simulators.source`: serve one source system until SIGTERM."""

import os

from simulators.common.fields import Refused
from simulators.common.launch import base_parser, checked_token, open_store, serve
from simulators.common.launch import read_options as read_options_file
from simulators.source.bulk import BulkSender
from simulators.source.inbox import Inbox
from simulators.source.options import read_options
from simulators.source.schema import SCHEMA
from simulators.source.sender import Sender
from simulators.source.server import source_application


def main() -> None:
    """Read the command line and serve."""
    parser = base_parser("python -m simulators.source", "A simulated source system on 127.0.0.1.")
    parser.add_argument("--product-url", required=True, metavar="URL")
    parser.add_argument(
        "--product-token", default=os.environ.get("SIM_PRODUCT_TOKEN"), help="or SIM_PRODUCT_TOKEN"
    )
    arguments = parser.parse_args()
    token = checked_token(parser, arguments.token)
    if not arguments.product_token:
        parser.error("a token for the product is needed: --product-token, or SIM_PRODUCT_TOKEN")
    if not arguments.product_url.startswith(("http://", "https://")):
        parser.error("--product-url must start with http:// or https://")
    try:
        options = read_options(read_options_file(parser, arguments.options))
    except Refused as refused:
        parser.error(f"--options: {refused.message}")
    store = open_store(parser, arguments.store, SCHEMA, "source")
    sender = Sender(store, options, arguments.seed, arguments.product_url, arguments.product_token)
    inbox = Inbox(store, options, arguments.seed)
    bulk = BulkSender(store, arguments.product_url, arguments.product_token, options.retry_seconds)
    sender.start()
    try:
        serve(parser.prog, arguments.port, source_application(store, inbox, sender, token, bulk))
    finally:
        sender.stop()


if __name__ == "__main__":
    main()
