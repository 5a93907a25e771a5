# SPDX-License-Identifier: GPL-3.0-or-later
"""A playbook of staging is run as its user runs it, in the inventory of production."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from environment import Environment
from mirroring import DOMAIN, OFFICE

from playbooks import Playbooks

GIVEN: dict[str, Any] = {
    "web_tier_application": "shop",
    "web_tier_user_data": "",
    "image_sets_up_database": True,
    "image_controller": "198.51.100.7/32",
    "staging_mirror_domain": DOMAIN,
    "staging_mirror_visitors": [OFFICE],
}


def run(
    production: Environment, folder: Path, name: str, **given: Any
) -> subprocess.CompletedProcess[str]:
    playbooks = Playbooks(production.handle, folder)
    return playbooks.run(name, "-e", json.dumps({**GIVEN, **given}))
