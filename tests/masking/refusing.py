# SPDX-License-Identifier: GPL-3.0-or-later
"""A table of mails with its rules, and what is told where it is refused."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking.task import (
    Refused,
    masked,
    proved,
)

from tests.masking.masked import Copy
from tests.masking.server import Server
from tests.masking.test_modules import given, marked

MAILS = (
    "create table people (id int primary key, mail text, nick text)",
    "insert into people select n, 'person' || n || '@mail.com', 'Nick the ' || n || 'th' "
    "from generate_series(1, 30) as n",
)
RULES: dict[str, Any] = {"people": {"id": "keep", "mail": "email", "nick": "keep"}}


def refused(do: Any, *what: Any, **how: Any) -> str:
    with pytest.raises(Refused) as found:
        do(*what, **how)
    return str(found.value)


def left(server: Server, made: tuple[str, ...], rules: dict[str, Any]) -> str:
    """What the proof tells of a copy that was masked."""
    with Copy(server, "left", made=made) as copy:
        marked(copy)
        masked(given(copy, rules=rules), dry=False)
        return refused(proved, given(copy, rules=rules))
