# SPDX-License-Identifier: GPL-3.0-or-later
"""A cloud in a box: the AWS API, emulated in one process on loopback."""

from __future__ import annotations

import sandbox.emulator_settings  # noqa: F401  (before the emulator, wherever that is imported)
