# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of access logs, from what HAProxy logs.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

# What HAProxy writes of each request, in this order.
FIELDS = {
    "created": "%[var(txn.created)]",
    "created_us": "%[var(txn.created_us)]",
    "ended": "%[date]",
    "ended_us": "%[date_us]",
    "client": "%ci",
    "client_port": "%cp",
    "target": "%si",
    "target_port": "%sp",
    "queued": "%Tw",
    "connected": "%Tc",
    "responded": "%Tr",
    "status": "%ST",
    "target_status": "%[var(txn.target_status)]",
    "received": "%U",
    "sent": "%B",
    "end": "%ts",
    "method": "%[var(txn.method)]",
    "host": "%[var(txn.host)]",
    "uri": "%[var(txn.uri)]",
    "version": "%HV",
    "agent": "%[var(txn.agent)]",
    "cipher": "%sslc",
    "tls": "%sslv",
    "certificate": "%[var(txn.certificate)]",
    "name": "%[var(txn.name)]",
    "trace": "%[var(txn.trace)]",
    "rule": "%[var(txn.rule)]",
    "group": "%[var(txn.group)]",
    "redirect": "%[var(txn.redirect),json(utf8s)]",
    "connection": "%[var(sess.id)]",
    "scheme": "%[var(txn.scheme)]",
    "port": "%[var(txn.port)]",
}
FORMAT = "[" + ",".join(f'"{field}"' for field in FIELDS.values()) + "]"
_NONE = "-"
_CLIENT_GONE = "460"


def entry(line: str, balancer: str, groups: Mapping[str, str], chosen: Mapping[str, str]) -> str:
    """The entry of a request.

    line: as HAProxy wrote it. balancer: the end of its ARN. groups: their ARNs by name. chosen:
    the ARNs of certificates by their fingerprints (SHA-1). Raises ValueError for another line.
    """
    values = json.loads(line)
    if not isinstance(values, list) or len(values) != len(FIELDS):
        raise ValueError(f"no line of a request: {line[:200]}")
    told = dict(zip(FIELDS, values, strict=True))
    secure = told["scheme"] == "https"
    sent_on = told["target_status"] not in ("", _NONE)
    target = f"{told['target']}:{told['target_port']}" if _reached(told) else _NONE
    status = told["target_status"] if sent_on else _NONE
    action = _action(told)
    fields = [
        _kind(told, secure),
        _moment(told["ended"], told["ended_us"]),
        balancer,
        f"{told['client']}:{told['client_port']}",
        target,
        _seconds(told, "queued", "connected") if _reached(told) else "-1",
        _seconds(told, "responded") if sent_on else "-1",
        "0.000" if sent_on else "-1",
        _status(told),
        status,
        told["received"],
        told["sent"],
        _quoted(_request(told)),
        _quoted(told["agent"]),
        _some(told["cipher"]) if secure else _NONE,
        _some(told["tls"]) if secure else _NONE,
        groups.get(told["group"], _NONE),
        _quoted(told["trace"]),
        _quoted(told["name"]) if secure else _quoted(""),
        _quoted(chosen.get(told["certificate"].lower(), "")) if secure else _quoted(""),
        told["rule"] if told["rule"].isdigit() else "-1",
        _moment(told["created"], told["created_us"]),
        _quoted(action),
        _quoted(told["redirect"]),
        _quoted(""),
        _quoted(target),
        _quoted(status),
        _quoted(""),
        _quoted(""),
        f"TID_{told['connection'].replace('-', '')}",
    ]
    return " ".join(fields)


def _reached(told: Mapping[str, str]) -> bool:
    return told["target"] not in ("", _NONE) and told["target_port"] not in ("0", "-", "")


def _kind(told: Mapping[str, str], secure: bool) -> str:
    if told["version"].startswith("HTTP/2"):
        return "h2"
    if told["status"] == "101":
        return "wss" if secure else "ws"
    return "https" if secure else "http"


def _action(told: Mapping[str, str]) -> str:
    if told["group"] not in ("", _NONE):
        return "forward"
    if told["redirect"] not in ("", _NONE):
        return "redirect"
    return "fixed-response" if told["rule"].isdigit() else ""


def _status(told: Mapping[str, str]) -> str:
    gone = told["end"].startswith("C") and told["target_status"] in ("", _NONE)
    return _CLIENT_GONE if gone else told["status"]


def _request(told: Mapping[str, str]) -> str:
    """The URL is told in full, as AWS does: also with the port that goes without saying."""
    if told["method"] in ("", _NONE):
        return "- - -"
    host = told["host"].rpartition(":")[0] or told["host"]
    place = f"{told['scheme']}://{host}:{told['port']}{told['uri']}"
    return f"{told['method']} {place} {told['version']}"


def _moment(seconds: str, microseconds: str) -> str:
    if not seconds.isdigit():
        return _NONE
    at = datetime.fromtimestamp(int(seconds), UTC).replace(microsecond=int(microseconds or 0))
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _seconds(told: Mapping[str, str], *parts: str) -> str:
    return f"{sum(max(0, int(told[part])) for part in parts) / 1000:.3f}"


def _some(text: str) -> str:
    return text or _NONE


def _quoted(text: str) -> str:
    """As AWS writes what others have said: other characters by their numbers."""
    inside = (text or _NONE).encode()
    written = (chr(b) if 0x20 <= b < 0x7F and b not in b'"\\' else f"\\x{b:02X}" for b in inside)
    return f'"{"".join(written)}"'
