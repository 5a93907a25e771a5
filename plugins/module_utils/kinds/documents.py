# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Policy documents as the text that AWS takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def document(policy: Mapping[str, Any]) -> str:
    """A canonical policy as JSON, without spaces: most of AWS's limits count them."""
    return json.dumps(policy, separators=(",", ":"))
