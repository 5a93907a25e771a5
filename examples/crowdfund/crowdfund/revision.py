# SPDX-License-Identifier: GPL-3.0-or-later
"""The newest migration that this version relies on.

Migrations only add, so that a database which is ahead serves too: it is, while a release rolls out,
and after one was rolled back.
"""

from __future__ import annotations

REVISION = "0001"
