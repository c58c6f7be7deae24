"""The money flow of tests/payments, for parameters of banks."""

from tests.payments.conftest import database_url, prepared, stage, superuser_url

__all__ = ["database_url", "prepared", "stage", "superuser_url"]
