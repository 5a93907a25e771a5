# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the declared objects use, what a unit of it costs, and what that comes to in a month.

Pure data and pure functions. Money is USD before tax, as `Decimal`, never rounded here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal, TypeVar

HOURS_PER_MONTH: Final = Decimal(730)
GLOBAL: Final = "global"

Origin = Literal["snapshot", "api"]
_K = TypeVar("_K")


@dataclass(frozen=True, slots=True)
class Usage:
    """What one object uses of one priced thing.

    key: name of the price, "nat_gateway.hour".
    region: AWS region it is used in, or "global".
    quantity: units a month; for a metered usage 1, as only its unit price can be told.
    unit: "Hrs", "GB-Mo", "GB", "LCU-Hrs", "Requests" or "Mo" (one object for one month).
    note: what a reader must know to read the figure.
    most: units a month at the upper end, where the quantity is a range; None: no range.
    metered: the quantity depends on traffic or on what is stored; never part of a total.
    """

    key: str
    region: str
    quantity: Decimal
    unit: str
    note: str = ""
    most: Decimal | None = None
    metered: bool = False


@dataclass(frozen=True, slots=True)
class Price:
    """USD for one unit, and who says so.

    source: of a snapshot the public URL, of the API the service code and SKU.
    as_of: date of the source, ISO 8601.
    """

    key: str
    region: str
    unit: str
    usd: Decimal
    source: str
    as_of: str
    origin: Origin


Prices = Mapping[tuple[str, str], Price]


@dataclass(frozen=True, slots=True)
class Item:
    """A usage and whose it is. address: the object's "kind/id"."""

    site: str
    tier: str
    address: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class Line:
    """One item with its price. monthly and monthly_most are None where no figure can be told."""

    item: Item
    price: Price | None
    monthly: Decimal | None
    monthly_most: Decimal | None

    @property
    def unknown(self) -> bool:
        """No sourced price: shown, and never counted."""
        return self.price is None


@dataclass(frozen=True, slots=True)
class Total:
    """Sum of the fixed lines at the lower and the upper end, with what is not in it.

    unknown: lines without a sourced price; metered: lines whose cost depends on use.
    prices: those the sum is made of, for their origin and date.
    """

    low: Decimal
    high: Decimal
    unknown: int
    metered: int
    prices: tuple[Price, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """All lines in the order given."""

    lines: tuple[Line, ...] = field(default=())

    @property
    def unknown(self) -> int:
        """How many lines have no sourced price."""
        return sum(line.unknown for line in self.lines)

    def totals(self) -> dict[tuple[str, str], Total]:
        """Totals by (site, tier), in order of first appearance."""
        return self._totals(lambda item: (item.site, item.tier))

    def by_site(self) -> dict[str, Total]:
        """Totals by site, in order of first appearance."""
        return self._totals(lambda item: item.site)

    def total(self) -> Total:
        """The whole."""
        return _total(self.lines)

    def _totals(self, key: Callable[[Item], _K]) -> dict[_K, Total]:
        groups: dict[_K, list[Line]] = {}
        for line in self.lines:
            groups.setdefault(key(line.item), []).append(line)
        return {name: _total(lines) for name, lines in groups.items()}


def merged(*books: Prices) -> dict[tuple[str, str], Price]:
    """One book of prices; where several know a price, the first one counts."""
    together: dict[tuple[str, str], Price] = {}
    for book in reversed(books):
        together.update(book)
    return together


def price_of(usage: Usage, prices: Prices) -> Price | None:
    """The price of the usage's region, else the world's; None unless the units are the same."""
    price = prices.get((usage.key, usage.region)) or prices.get((usage.key, GLOBAL))
    return price if price is not None and price.unit == usage.unit else None


def estimate(items: Iterable[Item], prices: Prices) -> Estimate:
    """Prices every item. What has no price stays in the estimate as an unknown line."""
    return Estimate(tuple(_priced(items, prices)))


def _priced(items: Iterable[Item], prices: Prices) -> Iterator[Line]:
    for item in items:
        usage, price = item.usage, price_of(item.usage, prices)
        if price is None or usage.metered:
            yield Line(item, price, None, None)
            continue
        most = usage.quantity if usage.most is None else usage.most
        yield Line(item, price, usage.quantity * price.usd, most * price.usd)


def _total(lines: Iterable[Line]) -> Total:
    low = high = Decimal(0)
    unknown = metered = 0
    prices: dict[Price, None] = {}
    for line in lines:
        if line.price is None:
            unknown += 1
        elif line.monthly is None or line.monthly_most is None:
            metered += 1
        else:
            low, high = low + line.monthly, high + line.monthly_most
            prices[line.price] = None
    return Total(low, high, unknown, metered, tuple(prices))
