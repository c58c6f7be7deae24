"""The action queue and its workers."""

from engine.runtime.actions.queue import (
    LOOKING,
    MONEY,
    TELLING,
    ActionContext,
    ActionError,
    DeadAction,
    Done,
    Failed,
    Handler,
    LeaseLost,
    Outcome,
    Registry,
    Retry,
    Services,
    enqueue,
    revive,
)
from engine.runtime.actions.worker import Worker

__all__ = [
    "LOOKING",
    "MONEY",
    "TELLING",
    "ActionContext",
    "ActionError",
    "DeadAction",
    "Done",
    "Failed",
    "Handler",
    "LeaseLost",
    "Outcome",
    "Registry",
    "Retry",
    "Services",
    "Worker",
    "enqueue",
    "revive",
]
