# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks for values in what a database dumps. It is nothing of the collection's: neither its prints
nor its patterns.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

BYTES = re.compile(rb"\\\\x((?:[0-9a-f]{2})+)")


def readable(text: bytes) -> bytes:
    """A text, followed by what is in the bytes that it has as hexadecimal digits."""
    return b"\n".join((text, *(bytes.fromhex(one.decode()) for one in BYTES.findall(text))))


def left(values: set[bytes], texts: Iterator[bytes]) -> set[bytes]:
    """Those of the values that are anywhere in texts, as a part of whatever, however it is cased:
    at each place eight bytes are held against the first eight of all values.
    """
    sizes: dict[int, set[int]] = {}
    for value in values:
        sizes.setdefault(int.from_bytes(value[:8], sys.byteorder), set()).add(len(value))
    found: set[bytes] = set()
    for text in map(bytes.lower, texts):
        for start in range(8):
            end = len(text) - (len(text) - start) % 8
            eights = memoryview(text)[start:end].cast("Q")
            if sizes.keys().isdisjoint(eights):
                continue
            for place, eight in enumerate(eights):
                at = start + 8 * place
                found.update(text[at : at + size] for size in sizes.get(eight, ()))
    return found & values
