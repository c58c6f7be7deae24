"""What HTTPS connections trust, read once per process."""

from __future__ import annotations

import ssl
from functools import cache

import httpx


@cache
def trusted() -> ssl.SSLContext:
    """The authorities an HTTP client of ours believes; SSL_CERT_FILE and SSL_CERT_DIR name others.

    Reading them takes a twentieth of a second, which every client would do for itself, also one
    that speaks plain HTTP.
    """
    return httpx.create_ssl_context()
