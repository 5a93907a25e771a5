# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a host finds what its application is to know, as role web_host's service reads it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ..aws.scope import Scope

# An application that started without them would have to be restarted.
NEEDED = ("application_secret", "database_access", "database_endpoint", "database_port")


def place(scope: Scope, wait_for: Iterable[str] = ()) -> dict[str, Any]:
    """{"phoenix": where to look, and what is waited for}."""
    found: dict[str, Any] = {
        "path": f"/{scope.environment}/{scope.site}",
        "region": scope.region,
    }
    awaited = sorted(wait_for)
    return {"phoenix": found | ({"wait_for": awaited} if awaited else {})}


def configuration(scope: Scope, wait_for: Iterable[str] = ()) -> str:
    """The user data of a host that has nothing else to be told."""
    return json.dumps(place(scope, wait_for), sort_keys=True)
