"""How unreliable the source system is, and how it sends."""

from dataclasses import dataclass, fields

from simulators.common.fields import Fields, Refused


@dataclass(frozen=True)
class Options:
    """Percentages depend on the seed and the message, so a run can be repeated."""

    lose_percent: int = 0
    """Messages received and forgotten: 503, or the connection just closes."""
    lose_ack_percent: int = 0
    """Messages received and kept whose acknowledgement gets lost on the way."""
    send_workers: int = 4
    retry_seconds: int = 2
    """Real seconds between two tries of a message that got no answer."""
    timeout_seconds: int = 30


def read_options(given: Fields) -> Options:
    """Options from their file; raises Refused."""
    default = Options()
    given.only([field.name for field in fields(Options)])
    options = Options(
        lose_percent=given.whole("lose_percent", default.lose_percent),
        lose_ack_percent=given.whole("lose_ack_percent", default.lose_ack_percent),
        send_workers=given.whole("send_workers", default.send_workers),
        retry_seconds=given.whole("retry_seconds", default.retry_seconds),
        timeout_seconds=given.whole("timeout_seconds", default.timeout_seconds),
    )
    if options.lose_percent > 100 or options.lose_ack_percent > 100:
        raise Refused("options: a percentage is 0 to 100")
    if not 1 <= options.send_workers <= 32 or options.timeout_seconds < 1:
        raise Refused("options: send_workers is 1 to 32, timeout_seconds 1 or more")
    return options
