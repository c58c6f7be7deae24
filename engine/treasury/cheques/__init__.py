"""Cheques: asked for an approved document. Their stock and life cycle are not built yet."""

from engine.treasury.cheques.requesting import Cheque, cancel_of, of_document, request

__all__ = ["Cheque", "cancel_of", "of_document", "request"]
