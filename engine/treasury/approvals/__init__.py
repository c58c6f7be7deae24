"""Approval of documents: who may, what is submitted, what becomes of it."""
