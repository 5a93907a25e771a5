# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One spelling for what means the same: CIDRs, unordered lists, policy documents, tags."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Mapping
from typing import Any

from .model import Join, Ref

ANYWHERE = "0.0.0.0/0"


def cidr(value: str) -> str:
    """A network in normal form, host bits cleared as AWS does: "10.0.0.1/16" -> "10.0.0.0/16"."""
    return str(ipaddress.ip_network(value.strip(), strict=False))


def unordered(values: Iterable[Any]) -> tuple[Any, ...]:
    """A list whose order means nothing, in a fixed order and without repeats."""
    unique: dict[str, Any] = {repr(value): value for value in values}
    return tuple(unique[key] for key in sorted(unique))


def tags(
    pairs: Iterable[Mapping[str, str]], key: str = "Key", value: str = "Value"
) -> dict[str, str]:
    """AWS's list of pairs as a dict, without the tags that AWS itself keeps ("aws:…")."""
    return {pair[key]: pair.get(value, "") for pair in pairs if not pair[key].startswith("aws:")}


def policy(document: str | Mapping[str, Any]) -> dict[str, Any]:
    """A policy document in one spelling: single values as lists, unordered lists sorted.

    The order of statements means nothing to IAM, so they are sorted as well. Principals keep their
    type; account ids and root ARNs stay as written. Raises ValueError on what is no JSON object.
    """
    loaded = json.loads(document) if isinstance(document, str) else document
    if not isinstance(loaded, Mapping):
        raise ValueError("a policy document is a JSON object")
    statements = loaded.get("Statement", [])
    if isinstance(statements, Mapping):
        statements = [statements]
    return {
        "Version": loaded.get("Version", "2008-10-17"),
        "Statement": unordered(_statement(item) for item in statements),
    }


def _statement(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _principal(value) if "Principal" in key else _value(key, value)
        for key, value in sorted(item.items())
    }


def _principal(value: Any) -> Any:
    if value == {"AWS": "*"} or value == {"AWS": ["*"]}:
        return "*"
    return {k: _many(v) for k, v in sorted(value.items())} if isinstance(value, Mapping) else value


def _value(key: str, value: Any) -> Any:
    if key == "Condition":
        return {
            operator: {k: _many(_texts(v)) for k, v in sorted(tests.items())}
            for operator, tests in sorted(value.items())
        }
    if key in ("Action", "NotAction"):
        return _many(value)
    if key in ("Resource", "NotResource"):
        return _many(value)
    return value


def _texts(value: Any) -> Any:
    """Conditions compare texts: true is "true" and 1 is "1"."""
    if isinstance(value, (list, tuple)):
        return [_texts(item) for item in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, (str, Ref, Join)) else str(value)


def _many(value: Any) -> tuple[Any, ...]:
    return unordered(value if isinstance(value, (list, tuple)) else [value])
