# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""EC2 calls that answer "200 OK" with the failures inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..aws.sdk import ClientError


def raise_failures(answer: Mapping[str, Any], operation: str) -> None:
    """Raises the first failure that the answer lists, as if the call had answered it."""
    for item in answer.get("Unsuccessful") or []:
        error = item.get("Error") or {}
        details = {"Code": error.get("Code", ""), "Message": error.get("Message", "")}
        about: Any = {"Error": details, "ResponseMetadata": answer.get("ResponseMetadata", {})}
        raise ClientError(about, operation)
