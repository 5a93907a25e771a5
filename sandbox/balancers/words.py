# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of others in HAProxy's configuration: whatever is in them, they stay one word."""

from __future__ import annotations

_NAMED = {'"': '\\"', "\\": "\\\\", "$": "\\$"}
_META = frozenset(r"\.^$|?*+()[]{}")


def word(text: str) -> str:
    """A quoted word of the configuration that is read as exactly this text."""
    return '"' + "".join(_written(byte) for byte in text.encode()) + '"'


def _written(byte: int) -> str:
    character = chr(byte)
    if character in _NAMED:
        return _NAMED[character]
    return character if 0x20 <= byte < 0x7F else f"\\x{byte:02x}"


def literal(text: str) -> str:
    """For a log format: text in which nothing is filled in."""
    return text.replace("%", "%%")


def regex(pattern: str, any_one: str = ".", escapes: bool = False) -> str:
    """A regular expression for a pattern with `*` (anything) and `?` (one character).

    any_one: what a character may be. escapes: whether a backslash takes the meaning of the next
    character away.
    """
    parts, taken = [], False
    for character in pattern:
        if taken or character not in "*?\\" or (character == "\\" and not escapes):
            parts.append(f"\\{character}" if character in _META else character)
            taken = False
        elif character == "\\":
            taken = True
        else:
            parts.append(any_one if character == "?" else f"{any_one}*")
    return "".join(parts)
