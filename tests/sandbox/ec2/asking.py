# SPDX-License-Identifier: GPL-3.0-or-later
"""How the tests of this folder ask."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError


def tagged(kind: str, **tags: str) -> list[dict[str, Any]]:
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    return [{"ResourceType": kind, "Tags": listed}]


def refusal(call: Any, /, **given: Any) -> str:
    """The code of the error that the call ends with."""
    with pytest.raises(ClientError) as refused:
        call(**given)
    return str(refused.value.response["Error"]["Code"])
