# SPDX-License-Identifier: GPL-3.0-or-later
"""The campaign and what it has raised."""

from __future__ import annotations

from dataclasses import dataclass

from crowdfund.database import Connection

READ = """
select title, story, goal_cents, currency, total_cents, backers
from campaigns, lateral (
    select coalesce(sum(amount_cents), 0)::bigint as total_cents, count(*) as backers
    from pledges where campaign_id = campaigns.id
) as raised
where slug = %s
"""
TOUCH = "update campaigns set title = title where slug = %s"


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign at one moment; backers counts its pledges."""

    title: str
    story: str
    goal_cents: int
    currency: str
    total_cents: int
    backers: int

    @property
    def percent(self) -> int:
        """How much of its goal is reached, in whole percent; more than 100 is possible."""
        return self.total_cents * 100 // self.goal_cents

    @property
    def paragraphs(self) -> list[str]:
        """Its story."""
        return self.story.split("\n\n")


def read_campaign(connection: Connection, slug: str) -> Campaign | None:
    """The campaign of that name, if there is one."""
    row = connection.execute(READ, (slug,)).fetchone()
    return Campaign(**row) if row else None


def touch_campaign(connection: Connection, slug: str) -> bool:
    """Writes the campaign of that name as it is. False where there is none."""
    return connection.execute(TOUCH, (slug,)).rowcount == 1
