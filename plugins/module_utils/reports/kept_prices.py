# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the Price List API said, kept beside the reports for a day, so that plans need not ask."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from ..costs.model import Price

Where = tuple[str, str]
VALID = datetime.timedelta(days=1)


class Kept(NamedTuple):
    """asked: (key, region) of everything the API was asked for; prices: what it had of that."""

    asked: frozenset[Where]
    prices: Mapping[Where, Price]


def read(folder: Path, environment: str, endpoint: str, now: datetime.datetime) -> Kept:
    """What was asked less than a day ago; nothing where the file is missing or not ours.

    folder: that of the reports. endpoint: where the API is asked, "" for AWS's own.
    """
    try:
        found = json.loads(_place(folder, environment).read_text(encoding="utf-8"))
        if found["endpoint"] != endpoint:
            return Kept(frozenset(), {})
        fresh = [row for row in found["rows"] if _fresh(row["asked"], now)]
        prices = [_price(row) for row in fresh if row["usd"] is not None]
        asked = frozenset((str(row["key"]), str(row["region"])) for row in fresh)
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError):
        return Kept(frozenset(), {})
    return Kept(asked, {(price.key, price.region): price for price in prices})


def add(
    folder: Path,
    environment: str,
    endpoint: str,
    now: datetime.datetime,
    asked: Iterable[Where],
    prices: Mapping[Where, Price],
) -> None:
    """Writes down what was asked now, and keeps what is not a day old."""
    rows = {(row["key"], row["region"]): row for row in _rows(folder, environment, endpoint, now)}
    for where in asked:
        rows[where] = _row(where, prices.get(where), now)
    folder.mkdir(parents=True, exist_ok=True)
    place = _place(folder, environment)
    draft = place.with_suffix(".new")
    told = {"endpoint": endpoint, "rows": [rows[where] for where in sorted(rows)]}
    draft.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    draft.replace(place)


def _rows(
    folder: Path, environment: str, endpoint: str, now: datetime.datetime
) -> list[dict[str, Any]]:
    if not read(folder, environment, endpoint, now).asked:
        return []
    found = json.loads(_place(folder, environment).read_text(encoding="utf-8"))
    return [row for row in found["rows"] if _fresh(row["asked"], now)]


def _row(where: Where, price: Price | None, now: datetime.datetime) -> dict[str, Any]:
    key, region = where
    return {
        "key": key,
        "region": region,
        "asked": now.isoformat(timespec="seconds"),
        "usd": str(price.usd) if price else None,
        "unit": price.unit if price else "",
        "source": price.source if price else "",
        "as_of": price.as_of if price else "",
    }


def _price(row: Mapping[str, Any]) -> Price:
    return Price(
        str(row["key"]),
        str(row["region"]),
        str(row["unit"]),
        Decimal(row["usd"]),
        str(row["source"]),
        str(row["as_of"]),
        "api",
    )


def _fresh(asked: str, now: datetime.datetime) -> bool:
    return datetime.timedelta(0) <= now - datetime.datetime.fromisoformat(asked) < VALID


def _place(folder: Path, environment: str) -> Path:
    return folder / f"{environment}-prices.json"
