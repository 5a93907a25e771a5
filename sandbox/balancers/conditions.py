# SPDX-License-Identifier: GPL-3.0-or-later
"""The conditions of a rule as HAProxy's."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sandbox.balancers.wanted import Condition
from sandbox.balancers.words import regex, word

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# A `?` or `*` for a part of the query goes no further than that part.
_PART = "[^&]"


def conditions(wanted: Iterable[Condition]) -> str:
    """What must hold at once, in braces; "" if nothing must."""
    return " ".join(f"{{ {_condition(one)} }}" for one in wanted)


def _condition(one: Condition) -> str:
    if one.field == "query-string":
        return f"query -m reg -i {_words(_query(*pair) for pair in one.values)}"
    values = [value for (value,) in one.values]
    match one.field:
        case "host-header":
            return f"req.hdr(host),host_only -m reg -i {_patterns(values)}"
        case "path-pattern":
            return f"path -m reg {_patterns(values)}"
        case "http-request-method":
            return f"method -m str {_words(values)}"
        case "source-ip":
            return f"src {' '.join(values)}"
        case "http-header" if _TOKEN.fullmatch(one.name):
            return f"req.fhdr({word(one.name)}) -m reg -i {_patterns(values)}"
    # AWS lets no such condition be made.
    return "always_false"


def _patterns(values: Iterable[str]) -> str:
    return _words(f"^{regex(value)}$" for value in values)


def _query(key: str, value: str) -> str:
    """Where no key is asked for, the value may also be a part without one."""
    name = f"{regex(key, _PART, escapes=True)}=" if key else "([^&=]*=)?"
    return f"(^|&){name}{regex(value, _PART, escapes=True)}(&|$)"


def _words(values: Iterable[str]) -> str:
    return " ".join(word(value) for value in values)
