# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one place that imports botocore, guarded so that the collection loads without it.

`MISSING` holds the reason where it could not be imported; callers report it before any work.
"""

from __future__ import annotations

import traceback

MISSING: str = ""
try:
    from botocore import session
    from botocore.config import Config
    from botocore.credentials import (
        AssumeRoleCredentialFetcher,
        Credentials,
        DeferredRefreshableCredentials,
        create_credential_resolver,
    )
    from botocore.exceptions import ClientError, ConnectionError, HTTPClientError
    from botocore.parsers import ResponseParserError
except ImportError:
    MISSING = traceback.format_exc()

    class ClientError(Exception):  # type: ignore[no-redef]
        """Stands in for botocore's class where botocore is absent."""

    class ConnectionError(Exception):  # type: ignore[no-redef]
        """Stands in for botocore's class where botocore is absent."""

    class HTTPClientError(Exception):  # type: ignore[no-redef]
        """Stands in for botocore's class where botocore is absent."""

    class ResponseParserError(Exception):  # type: ignore[no-redef]
        """Stands in for botocore's class where botocore is absent."""


__all__ = [
    "MISSING",
    "AssumeRoleCredentialFetcher",
    "ClientError",
    "Config",
    "ConnectionError",
    "Credentials",
    "DeferredRefreshableCredentials",
    "HTTPClientError",
    "ResponseParserError",
    "create_credential_resolver",
    "session",
]
