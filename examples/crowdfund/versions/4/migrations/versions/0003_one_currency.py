# SPDX-License-Identifier: GPL-3.0-or-later
"""All campaigns are in euros. They are not, and so this fails after half of its work."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Two changes that work, and then the one that the first campaign's dollars refuse."""
    op.execute("create table currencies (code text primary key)")
    op.execute("alter table campaigns add column rate bigint not null default 1")
    op.execute("alter table campaigns add constraint euros check (currency = 'EUR')")
