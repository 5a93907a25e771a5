# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts a staging copy to sleep or wakes it in a process that a test can kill.

    drive_sleep.py ENDPOINT PARAMETERS

The parameters are those of module staging_sleep, as JSON.
"""

from __future__ import annotations

import json
import sys

from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import stage
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.staging.sleep import (
    sleep,
)

if __name__ == "__main__":
    # The test lets it go when it has told the account whom to kill.
    sys.stdin.readline()
    stage.LOOK = 0.1
    sleep(json.loads(sys.argv[2]), dry=False)
