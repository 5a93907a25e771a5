# SPDX-License-Identifier: GPL-3.0-or-later
"""How an environment is taken down, and what is kept of it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers.login import LOGINS
from environment import Environment

SECRETS = [f"secret/{login}" for login in LOGINS]
KEPT_AT_HOME = ["snapshot", "kms_key/main,", *(f"{name}," for name in SECRETS)]
RELEASES = "production-home-releases-123456789012-us-east-1"


def lift(environment: Environment) -> None:
    """What unprotect.yml does."""
    traffic = {**environment.declared["traffic"], "deletion_protection": False}
    environment.run(database={"deletion_protection": False}, traffic=traffic)


def refused(environment: Environment, site: str, **options: Any) -> dict[str, Any]:
    """The result of a teardown that must be refused before its first write."""
    mark = environment.handle.mark()
    with pytest.raises(Refusal) as caught:
        environment.destroy(site, **options)
    assert environment.handle.writes_since(mark) == []
    return {"message": str(caught.value), **caught.value.result}
