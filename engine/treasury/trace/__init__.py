"""One payment from the source document to the ledger, reached from any of its numbers."""

from engine.treasury.trace.model import Trace
from engine.treasury.trace.reading import TraceError, find, of_document, trace

__all__ = ["Trace", "TraceError", "find", "of_document", "trace"]
