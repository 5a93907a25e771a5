# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The methods by which a column is masked: what each fits, keeps, and is written as in SQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..declaration.fields import REQUIRED, Field
from .functions import SCHEMA
from .schema import Column, literal, quoted

KEEP, NULL, TRUNCATE = "keep", "null", "truncate"
# The row that is masked, and the one that has the key.
VALUE, KEY = "t", "k.key"


@dataclass(frozen=True, slots=True)
class Method:
    """families: those of the columns that it fits. apart: whether two values that differ have masks
    that differ. shortest: characters that a mask needs. options: what may be said of it.
    sql: the mask of a value, in SQL, by the value in SQL, its column and the options.
    """

    name: str
    what: str
    families: frozenset[str]
    sql: Callable[[str, Column, Mapping[str, Any]], str]
    apart: bool = False
    shortest: int = 0
    options: tuple[Field, ...] = ()
    scalar: str = ""


def _of_text(function: str) -> Callable[[str, Column, Mapping[str, Any]], str]:
    def sql(value: str, column: Column, _options: Mapping[str, Any]) -> str:
        # Of this type equal values may be written differently.
        plain = f'({value}::text collate "default")'
        text = f"lower({plain})" if column.base == "citext" else plain
        return f"{SCHEMA}.{function}({text}, {KEY}, {column.size})"

    return sql


def _text(
    name: str, what: str, function: str = "", *, apart: bool = False, shortest: int = 1
) -> Method:
    function = function or name
    scalar = f"{SCHEMA}.{function}(t, k, 0)"
    families = frozenset({"text"})
    return Method(name, what, families, _of_text(function), apart, shortest, scalar=scalar)


def _ip(value: str, column: Column, _options: Mapping[str, Any]) -> str:
    text = f"host({value})" if column.family == "address" else f'({value}::text collate "default")'
    return f"{SCHEMA}.ip({text}, {KEY}, {column.size})"


def _uuid(value: str, _column: Column, _options: Mapping[str, Any]) -> str:
    return f"{SCHEMA}.uuid({value}::text, {KEY})"


def _bytes(value: str, _column: Column, _options: Mapping[str, Any]) -> str:
    return f"{SCHEMA}.bytes({value}, {KEY})"


def _date(value: str, column: Column, options: Mapping[str, Any]) -> str:
    who = f"coalesce({VALUE}.{quoted(options['by'])}::text, {value}::text)"
    days = f"{SCHEMA}.days({who}, {KEY}, {options['days']})"
    return f"{value} + {days}" + (" * interval '1 day'" if column.base != "date" else "")


def _number(value: str, column: Column, options: Mapping[str, Any]) -> str:
    low, high = (repr(options[bound]) for bound in ("from", "to"))
    places = 0 if column.base.startswith("int") else int(options["places"])
    return f"{SCHEMA}.within({value}::text, {KEY}, {low}, {high}, {places})"


def _constant(value: str, _column: Column, options: Mapping[str, Any]) -> str:
    return f"case when {value} is not null then {literal(str(options['value']))} end"


def _json(value: str, _column: Column, options: Mapping[str, Any]) -> str:
    paths = json.dumps(below(options["paths"]), sort_keys=True)
    return f"{SCHEMA}.json({value}::jsonb, {literal(paths)}, {KEY})"


def below(paths: Mapping[str, Any]) -> dict[str, Any]:
    """{"contact.email": "email", "items[].note": "text"} as what is below each key."""
    found: dict[str, Any] = {}
    for path, method in paths.items():
        *above, last = path.replace("[]", ".[]").lstrip(".").split(".")
        at = found
        for key in above:
            at = at.setdefault(key, {})
        at[last] = method
    return found


def _whole_path(value: Any) -> bool:
    return bool(value) and all(value.replace("[]", ".[]").lstrip(".").split("."))


TEXTS = (
    _text("email", "an address of example.org", apart=True, shortest=25),
    _text("username", "u and hexadecimal digits", apart=True, shortest=13),
    _text("first_name", "a first name that nobody has"),
    _text("last_name", "a last name that nobody has"),
    _text("name", "a first and a last name that nobody has", "full_name"),
    _text("place", "a city or the like that is not there"),
    _text("address", "a street with its number, and a city"),
    _text("phone", "a number of country code 999, which is no country's", shortest=8),
    _text("text", "as many characters of lorem ipsum", "prose"),
    _text("card", "a number that is valid, of those that are for tests", shortest=13),
    _text("iban", "a number that is valid, of a bank that is not there", shortest=20),
    _text("bank_account", "digits that begin with 9999", shortest=8),
    _text("token", "as many hexadecimal digits", apart=True, shortest=16),
    _text("url", "a page of example.org", apart=True, shortest=36),
    _text("host", "the same, with the hosts of staging where those of production were", apart=True),
    _text("file", "the name of a file, of the same kind", apart=True, shortest=24),
)
DAYS = Field(
    "days", "int", "1 to 3650: how many days it is moved at most", 30, 30, lambda v: 1 <= v <= 3650
)
METHODS: Mapping[str, Method] = {
    one.name: one
    for one in (
        *TEXTS,
        Method(
            "ip",
            "an address that no host can have",
            frozenset({"text", "address"}),
            _ip,
            shortest=39,
            scalar=f"{SCHEMA}.ip(t, k, 0)",
        ),
        Method("uuid", "another one", frozenset({"uuid"}), _uuid, apart=True),
        Method("bytes", "as many others", frozenset({"bytes"}), _bytes),
        Method(
            "date",
            "the same moment some days earlier or later, for each person as many",
            frozenset({"date"}),
            _date,
            options=(
                Field("by", "str", "the column that tells whose it is", "customer_id", REQUIRED),
                DAYS,
            ),
        ),
        Method(
            "number",
            "another number from one to another",
            frozenset({"number"}),
            _number,
            options=(
                Field("from", "float", "the least number", 1000, REQUIRED),
                Field("to", "float", "the greatest number", 9000, REQUIRED),
                Field("places", "int", "decimal places, 0 to 9", 2, 2, lambda v: 0 <= v <= 9),
            ),
        ),
        Method(
            "constant",
            "the same for all",
            frozenset({"text", "number", "date", "bytes", "address", "uuid", "other"}),
            _constant,
            options=(Field("value", "scalar", "a text, a number or a truth value", "x", REQUIRED),),
        ),
        Method(
            "json",
            "each path by a method of its own, and texts and long numbers that no path names",
            frozenset({"json"}),
            _json,
            options=(
                Field(
                    "paths",
                    "dict",
                    "methods by path, [] for the items of a list and * for any other key",
                    {"contact.email": "email", "items[].note": "text", "plan": "keep"},
                    {},
                    key=Field("path", "str", "a path", "contact.email", check=_whole_path),
                    entry=Field(
                        "method",
                        "str",
                        "keep, null or a method for texts",
                        "email",
                        choices=(KEEP, NULL, *(one.name for one in TEXTS), "ip"),
                    ),
                ),
            ),
        ),
    )
}
SCALARS = "\n        ".join(
    f"when '{one.name}' then {one.scalar}" for one in METHODS.values() if one.scalar
)


def masked(method: Method, column: Column, options: Mapping[str, Any]) -> str:
    """What a column is set to, in SQL, in a statement that has the row as t and the key as k."""
    value = f"{VALUE}.{column.quoted}"
    if not column.array:
        return f"({method.sql(value, column, options)})::{column.type}"
    # One of more dimensions would lose them, and is refused.
    items = method.sql("u.value", column, options)
    return (
        f"case when {value} is not null then array(select {items} "
        f"from unnest({SCHEMA}.flat({value})) "
        f"with ordinality as u(value, place) order by place)::{column.type} end"
    )
