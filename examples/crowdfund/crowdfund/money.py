# SPDX-License-Identifier: GPL-3.0-or-later
"""Money is a whole number of cents, from the form to the database; it is never a float."""

from __future__ import annotations

import re

SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}


def parse_amount(text: str) -> int | None:
    """The cents that somebody means who writes "25", "25.5" or "25.50"; None for anything else."""
    found = re.fullmatch(r"\s*([0-9]{1,9})(?:\.([0-9]{1,2}))?\s*", text)
    if found is None:
        return None
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def format_money(cents: int, currency: str) -> str:
    """As people write it: $1,250.50, and $1,250 where there are no cents."""
    whole, rest = divmod(cents, 100)
    amount = f"{whole:,}.{rest:02d}" if rest else f"{whole:,}"
    symbol = SYMBOLS.get(currency)
    return f"{symbol}{amount}" if symbol else f"{amount} {currency}"
