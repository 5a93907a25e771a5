# SPDX-License-Identifier: GPL-3.0-or-later
"""A backer may add a word."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """The column is empty for version 1, which neither reads nor writes it."""
    op.execute("alter table pledges add column message text")
