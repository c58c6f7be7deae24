"""The money flow of tests/payments, for the channels beside bank-direct batches."""

from tests.payments.conftest import database_url, prepared, stage, superuser_url

__all__ = ["database_url", "prepared", "stage", "superuser_url"]
