# SPDX-License-Identifier: GPL-3.0-or-later
"""${message}"""

from __future__ import annotations

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Only add: the version before must go on working on this schema."""
    op.execute("""
    """)
