# SPDX-License-Identifier: GPL-3.0-or-later
"""Campaigns, their pledges, and the first campaign."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

STORY = """\
For a hundred and forty years the light on Gull Point brought the boats home. Last winter it went \
dark: the lens is cracked, the clockwork has rusted, and the tower is no longer on anybody's budget.

We are the people who live below it. A retired keeper, two boat builders, a glazier and a school \
class have taken the lens apart and know what it takes: new prisms, a bearing, a lamp that uses \
less than a kettle, and scaffolding for one summer.

If we get there, the light turns again on the first evening of autumn, and whoever helped may \
climb the hundred and twelve steps and switch it on."""


def upgrade() -> None:
    """Money is whole cents; what must hold is held by the database, too."""
    op.execute("""
        create table campaigns (
            id bigint generated always as identity primary key,
            slug text not null unique,
            title text not null,
            story text not null,
            goal_cents bigint not null check (goal_cents > 0),
            currency text not null check (currency ~ '^[A-Z]{3}$'),
            created_at timestamptz not null default now()
        );
        create table pledges (
            id uuid primary key default gen_random_uuid(),
            campaign_id bigint not null references campaigns,
            idempotency_key text not null unique,
            amount_cents bigint not null check (amount_cents > 0),
            email text not null,
            name text,
            created_at timestamptz not null default now()
        );
        create index pledges_of_campaign on pledges (campaign_id) include (amount_cents);
    """)
    add = sa.text("""
        insert into campaigns (slug, title, story, goal_cents, currency)
        values ('lighthouse', 'Relight the lighthouse on Gull Point', :story, 5000000, 'USD')
    """)
    op.execute(add.bindparams(story=STORY))
