# SPDX-License-Identifier: GPL-3.0-or-later
"""Pledges: what may be sent, and how it is kept exactly once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from crowdfund.database import Connection
from crowdfund.money import parse_amount

LEAST_CENTS = 100
MOST_CENTS = 1_000_000
AMOUNT = f"a whole number of cents from {LEAST_CENTS} to {MOST_CENTS}, for example 2500"
KEY = "8 to 200 printable ASCII characters without spaces, new for each pledge, for example a UUID"

ADD = """
insert into pledges (campaign_id, idempotency_key, amount_cents, email, name)
select id, %(key)s, %(amount_cents)s, %(email)s, %(name)s
from campaigns where slug = %(campaign)s
on conflict (idempotency_key) do nothing
returning id
"""
READ = """
select pledges.id, amount_cents, currency, name, pledges.created_at
from pledges join campaigns on campaigns.id = campaign_id where pledges.id = %s
"""
KEPT = """
select pledges.id, amount_cents = %(amount_cents)s and email = %(email)s and slug = %(campaign)s
       and name is not distinct from %(name)s as same
from pledges join campaigns on campaigns.id = campaign_id where idempotency_key = %(key)s
"""


class Invalid(ValueError):
    """What is wrong with a pledge, by field: a sentence each."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field} {error}" for field, error in errors.items()))
        self.errors = dict(errors)


class KeyReused(Exception):
    """The key belongs to a pledge with another content."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a backer sends."""

    key: str
    amount_cents: int
    email: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Pledge:
    """What is kept of it, and may be shown to everybody who knows its id: no e-mail address."""

    id: UUID
    amount_cents: int
    currency: str
    name: str | None
    created_at: datetime


def parse_offer(key: str, fields: Mapping[str, object]) -> Offer:
    """The pledge that a request means. Raises Invalid, which names every mistake at once."""
    errors: dict[str, str] = {}
    if not re.fullmatch(r"[!-~]{8,200}", key):
        errors["idempotency_key"] = f"must be {KEY}"
    amount = fields.get("amount_cents")
    if isinstance(written := fields.get("amount"), str) and amount is None:
        amount = parse_amount(written)  # the form's, in whole units of the currency
    if type(amount) is not int or not LEAST_CENTS <= amount <= MOST_CENTS:
        errors["amount_cents"] = f"must be {AMOUNT}"
        amount = 0
    email = text(fields.get("email"))
    if (
        email is None
        or not re.fullmatch(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]+", email)
        or len(email) > 254
    ):
        errors["email"] = "must be an e-mail address, for example ada@example.com"
    name = text(fields.get("name", ""))
    if name is None or len(name) > 80:
        errors["name"] = "must be one line of at most 80 characters, or left out"
    if errors:
        raise Invalid(errors)
    return Offer(key=key, amount_cents=amount, email=email or "", name=name or None)


def text(value: object) -> str | None:
    """A text of one line without what can't be seen or stored; None if it is something else."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return None
    stripped = value.strip()
    return stripped if stripped.isprintable() else None


def add_pledge(connection: Connection, campaign: str, offer: Offer) -> tuple[Pledge, bool]:
    """The pledge of an offer, and whether it is new: the same key again gets the same pledge.

    Two at the same time are told apart by the unique index: the second waits for the first.
    Raises KeyReused, LookupError where there is no such campaign.
    """
    values = {**asdict(offer), "campaign": campaign}
    added = connection.execute(ADD, values).fetchone()
    if added:
        pledge_id = added["id"]
    else:
        kept = connection.execute(KEPT, values).fetchone()
        if kept is None:
            raise LookupError(f"no campaign {campaign!r}")
        if not kept["same"]:
            raise KeyReused
        pledge_id = kept["id"]
    pledge = read_pledge(connection, pledge_id)
    assert pledge is not None  # nothing deletes one
    return pledge, bool(added)


def read_pledge(connection: Connection, pledge_id: UUID) -> Pledge | None:
    """The pledge of that id, if there is one."""
    row = connection.execute(READ, (pledge_id,)).fetchone()
    return Pledge(**row) if row else None
