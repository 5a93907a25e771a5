# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the sandbox listens."""

from __future__ import annotations

ADDRESS = "127.0.0.1"
DEFAULT_PORT = 5570
