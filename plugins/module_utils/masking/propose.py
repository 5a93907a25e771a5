# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Proposes rules for a schema, for a person to look through: by names, types and what is seen.

What is in doubt is masked: that is seen in staging and put right, while what was kept is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .methods import KEEP, METHODS, NULL, TRUNCATE
from .neutral import completed
from .schema import OTHER, SEARCH, Column, Schema, Table, literal
from .work import Session

# Nobody but a person can tell: a refresh stops until somebody has.
UNDECIDED = object()
# What has nothing in it is written as an empty text.
EMPTY_AS_TEXT = frozenset({SEARCH, "hstore", "xml", "ltree"})
SAMPLE = 1000  # rows that are looked at of each table
# So few different ones among so many are no persons'.
FEW, MANY = 20, 100
MAIL = r"[[:alnum:]._%+-]+@[[:alnum:]-]+\.[[:alpha:].]{2,}"
EMPTYABLE = re.compile(
    r"(^|_)(sessions?|tokens?|jobs?|queues?|outbox|events?|logs?|audits?|caches?|attempts?)$"
)
PERSON = re.compile(r"e?mail|phone|last_?name|surname|birth|born", re.IGNORECASE)
# Of a column's name, the first that fits: the method, and why.
BY_NAME: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"(^|_|[a-z](?=[A-Z]))({pattern})(_|\d|$)", re.IGNORECASE), method)
    for pattern, method in (
        (r"passw(or)?d|passwd|pwd|password_?(hash|digest)|encrypted_?password|hash", "password"),
        (r"e?_?mails?|email_?address|mail_?address", "email"),
        (r"first_?name|given_?name|forename", "first_name"),
        (r"last_?name|family_?name|surname", "last_name"),
        (r"user_?name|login|nick(name)?|handle|screen_?name", "username"),
        (r"(full|display|contact|holder|recipient|owner|author|customer)_?name|ship_?to", "name"),
        (r"phone|mobile|tel|telephone|fax|cell|msisdn", "phone"),
        (r"street|addr(ess)?(_?line)?|address", "address"),
        (r"city|town|village|place_?of_?birth", "place"),
        (r"zip|postal(_?code)?|post_?code|plz", "postcode"),
        (r"ip|ip_?addr(ess)?|remote_?addr|client_?ip", "ip"),
        (r"card|card_?number|pan|cc_?number", "card"),
        (r"iban", "iban"),
        (r"account_?(no|nr|number)|sort_?code|routing", "bank_account"),
        (
            r"tokens?|secrets?|api_?keys?|keys?|otp|signature|fingerprint|ssn|tax_?id|passport",
            "token",
        ),
        (r"birth_?(date|day)|date_?of_?birth|born|dob", "date"),
        (r"urls?|uri|website|homepage|webhook|callback|redirect|link", "url"),
        (r"file_?name|filename|path", "file"),
        (r"lat(itude)?|lng|lon(gitude)?|geo|location", "whereabouts"),
    )
)
# Codes and words of a machine, by the names of their columns.
PLAIN = re.compile(
    r"(^|_)(id|type|kind|state|status|code|currency|country|language|locale|sku|slug|version|role|"
    r"level|category|unit|color|colour|timezone|position|sort|priority|model|method|format)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Seen:
    """Of a column in a sample: how many values, how many different ones, in how many a mail is, and
    how many are one.
    """

    filled: int = 0
    different: int = 0
    with_mail: int = 0
    mails: int = 0


@dataclass(frozen=True, slots=True)
class Proposal:
    """rules: as they are declared. reasons: by "schema.table.column", why each is as it is."""

    rules: Mapping[str, Any]
    reasons: Mapping[str, str] = field(default_factory=dict)


def look(schema: Schema, session: Session) -> dict[str, Seen]:
    """What is seen of the texts of each table, by "schema.table.column"."""
    found: dict[str, Seen] = {}
    for table in schema.declared:
        texts = [one for one in table.columns if one.family == "text" and not one.array]
        if not texts:
            continue
        asked = ", ".join(
            f"count({one.quoted}) as f{n}, count(distinct {one.quoted}::text) as d{n}, "
            f"count(*) filter (where {one.quoted}::text ~ {literal(MAIL)}) as w{n}, "
            f"count(*) filter (where {one.quoted}::text ~ {literal(f'^{MAIL}$')}) as m{n}"
            for n, one in enumerate(texts)
        )
        names = ", ".join(one.quoted for one in texts)
        row = session.rows(
            f"select {asked} from (select {names} from {table.quoted} limit {SAMPLE}) as s"
        )[0]
        for n, one in enumerate(texts):
            seen = Seen(*(int(row[f"{what}{n}"]) for what in "fdwm"))
            found[f"{table.label}.{one.name}"] = seen
    return found


def proposed(schema: Schema, seen: Mapping[str, Seen], declared: Mapping[str, Any]) -> Proposal:
    """Rules for all that no rule is for yet, and the declared ones."""
    known = completed(declared, schema)
    rules: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    for table in schema.declared:
        mine = known.get(table.label)
        if isinstance(mine, str):
            rules[table.label] = mine
            continue
        if mine is None and _is_emptied(table, schema):
            rules[table.label] = TRUNCATE
            reasons[table.label] = "what passes, by its name, and no other table names its rows"
            continue
        columns = dict(mine or {})
        for name, rule, why in _columns(table, seen, columns):
            columns[name], reasons[f"{table.label}.{name}"] = rule, why
        rules[table.label] = columns
    _follow(schema, rules, reasons)
    return Proposal(rules, reasons)


def _is_emptied(table: Table, schema: Schema) -> bool:
    named = any(
        key.target == table.label and key.table != table.label for key in schema.foreign_keys
    )
    return bool(EMPTYABLE.search(table.name)) and not named


def _columns(
    table: Table, seen: Mapping[str, Seen], declared: Mapping[str, Any]
) -> Iterator[tuple[str, Any, str]]:
    personal = any(PERSON.search(one.name) for one in table.columns)
    for column in table.columns:
        if column.generated or column.name in declared:
            continue
        rule, why = _column(
            table, column, seen.get(f"{table.label}.{column.name}", Seen()), personal
        )
        if rule is not UNDECIDED:
            yield column.name, rule, why


def _column(table: Table, column: Column, seen: Seen, personal: bool) -> tuple[Any, str]:
    family, name = column.family, column.name
    if column.identity or name in table.cut_by:
        return KEEP, "numbers or cuts the table"
    named = next((method for pattern, method in BY_NAME if pattern.search(name)), "")
    if family == "text":
        return _text(table, column, seen, named, personal)
    if family == "json":
        return {
            "mask": "json",
            "paths": {},
        }, "all texts in it are masked: keep paths that are plain"
    if family == "bytes":
        return ("bytes", "may be anything") if column.not_null else (NULL, "may be anything")
    if family == "address":
        return "ip", "an address of a host"
    if family == "date" and named == "date":
        by = next(iter(table.key), name)
        return {"mask": "date", "by": by}, "a day of birth, by its name"
    if family == "number" and named in ("whereabouts", "phone", "card", "bank_account", "ip"):
        if not column.not_null:
            return NULL, f"a {named} of somebody, by its name"
        return {"mask": "number", "from": 0, "to": 90}, f"a {named} of somebody, by its name"
    if family == OTHER and not column.tells_nobody:
        return _unknown(column)
    return KEEP, f"of type {column.type}"


def _unknown(column: Column) -> tuple[Any, str]:
    """What no method masks, and in which anything may be."""
    if not column.not_null:
        return NULL, f"of type {column.type}, in which anything may be"
    if column.base in EMPTY_AS_TEXT and not column.array:
        return {"mask": "constant", "value": ""}, f"of type {column.type}, and is not to be null"
    return UNDECIDED, ""


def _text(table: Table, column: Column, seen: Seen, named: str, personal: bool) -> tuple[Any, str]:
    unique = any(column.name in together for together in table.unique)
    if named == "password":
        return {"mask": "constant", "value": "!"}, "a password, by its name"
    if named == "postcode":
        return {"mask": "constant", "value": "0" * min(5, column.size or 5)}, "by its name"
    if seen.mails and seen.mails == seen.filled:
        named = "email"
    elif column.name == "name" and personal:
        named = "name"
    if named in METHODS and "text" in METHODS[named].families:
        return _fitting(
            column, named, unique, f"a {named.replace('_', ' ')}, by its name or content"
        )
    if seen.with_mail:
        return _fitting(column, "text", unique, "there are mails in it")
    if PLAIN.search(column.name) or (seen.filled >= MANY and seen.different <= FEW):
        return KEEP, "a word of a machine, by its name or because there are few of them"
    return _fitting(column, "text", unique, "nothing tells what it is")


def _fitting(column: Column, name: str, unique: bool, why: str) -> tuple[Any, str]:
    """The method, or another one where the column has no room for it or is to stay unique."""
    for one in (name, "token", "username"):
        method = METHODS[one]
        if (method.apart or not unique) and (not column.size or column.size >= method.shortest):
            return one, why if one == name else f"{why}, and it is to stay unique, or is short"
    if not column.not_null:
        return NULL, f"{why}, and there is no room for a mask"
    return {"mask": "constant", "value": "x"}, f"{why}, and there is no room for a mask"


def _follow(schema: Schema, rules: dict[str, Any], reasons: dict[str, str]) -> None:
    """What names a row is as the name of that row is."""
    for key in schema.foreign_keys:
        mine, theirs = rules.get(key.table), rules.get(key.target)
        if not isinstance(mine, dict) or not isinstance(theirs, dict):
            continue
        for name, target in zip(key.columns, key.targets, strict=True):
            if target in theirs and mine.get(name) != theirs[target]:
                mine[name] = theirs[target]
                reasons[f"{key.table}.{name}"] = f"as {key.target}.{target}, whose rows it names"
