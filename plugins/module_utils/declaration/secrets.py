# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Values of a declaration as they may be shown: without secrets, and not at any length."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any

from ..engine import scrub

HIDDEN = scrub.HIDDEN

# Names of options, parameters and tags whose value would be a secret in clear text.
SECRETIVE = re.compile(
    r"(pass(word|wd|phrase)|pwd|secret|token|(api|private|secret)[_-]?key|credential)s?$",
    re.IGNORECASE,
)
# Keys of AWS, private keys, addresses with a password in them, and passwords that are set. Where a
# shell or a template puts the password in, none stands there.
SECRET_VALUE = re.compile(
    r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|-----BEGIN"
    r"|://[^/\s:@]*:[^/\s@]+@"
    r"|(?i:(?<!lock_)(?<!ch)pass(word|wd|phrase)[ \t]*[=:][ \t]*[\"']?"
    r"(?!(true|false|yes|no|none|null)\b|arn:)[^\s$\"'`{(<*])"
)
NO_SECRET = (
    "must not be here in clear text: passwords are made by the storage tier and kept in Secrets "
    "Manager"
)
LONGEST_TEXT = 200
MOST_ENTRIES = 20
DEEPEST = 5
# More than any number of a declaration has; twelve digits of an account are forty.
LARGEST_BITS = 64


def presentable(value: Any, name: Any = "", depth: int = 0) -> Any:
    """The value for a message: secrets masked, by their names and by their looks, and cut short.

    name: what the value is called. Hostile input may be nested without end, so there is one here.
    """
    if value is not None and SECRETIVE.search(str(name)[-LONGEST_TEXT:]):
        return HIDDEN
    if isinstance(value, str):
        if SECRET_VALUE.search(value):
            return HIDDEN
        return value if len(value) <= LONGEST_TEXT else value[:LONGEST_TEXT] + "…"
    if isinstance(value, (Mapping, list, tuple)) and depth == DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        some = itertools.islice(value.items(), MOST_ENTRIES)
        return {brief(key): presentable(item, key, depth + 1) for key, item in some}
    if isinstance(value, (list, tuple)):
        return [presentable(item, "", depth + 1) for item in value[:MOST_ENTRIES]]
    if isinstance(value, int) and value.bit_length() > LARGEST_BITS:
        return f"a number of {value.bit_length()} bits"
    return value if isinstance(value, (int, float)) or value is None else brief(value)


def brief(name: Any) -> str:
    """A name as part of a path, on one line and not too long."""
    text = str(name)
    text = text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "…"
    return text if text.isprintable() else repr(text)[1:-1]


# Keys of payment services by which money moves. https://docs.stripe.com/keys
LIVE = re.compile(r"\b(sk|pk|rk)_live_|\blive_[0-9a-zA-Z]{16,}|\bAPP_USR-")
