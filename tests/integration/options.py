# SPDX-License-Identifier: GPL-3.0-or-later
"""A declaration that is changed, and the objects that it is about."""

from __future__ import annotations

from typing import Any

import pytest
from environment import SITES, Environment

Options = dict[str, Any]


def at(site: str, **settings: Any) -> Options:
    return {"sites": {**SITES, site: {**SITES[site], **settings}}}


def named(site: str, *names: str) -> frozenset[str]:
    return frozenset(f"{site} {name}" for name in names)


def everywhere(*names: str) -> frozenset[str]:
    return named("home", *names) | named("recovery", *names)


@pytest.fixture
def stands(standing: Environment) -> Environment:
    """The environment as declared, also after a test that stopped half-way."""
    standing.run()
    return standing
