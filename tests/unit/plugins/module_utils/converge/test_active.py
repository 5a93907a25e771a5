# SPDX-License-Identifier: GPL-3.0-or-later
"""Which site serves, as the regions remember it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws import session
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.errors import Meaning
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import (
    Aws,
    Connection,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import active
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.active import (
    Active,
    Unread,
    path,
    read,
    write,
)

from tests.unit.plugins.module_utils.converge.leasing import SCOPE


class Throttled(Exception):
    """What AWS says to who asks too often."""


MOVED = Active(1, "recovery", False, "2026-11-28T10:00:00Z", "20261128T100000Z-failover-1f3a")


@pytest.fixture
def other(aws: Aws) -> Aws:
    """Clients of the other site."""
    scope = replace(SCOPE, site="recovery", region="us-west-2", stands="recovery")
    return Aws(scope, aws.connection)


def dark(aws: Aws) -> Aws:
    """Clients of the same site, for which nothing answers."""
    silent = Connection("", "", "x", "x", "", "http://127.0.0.1:9")
    return Aws(aws.scope, silent)


def test_where_nothing_was_written_the_declared_home_serves(aws: Aws, other: Aws) -> None:
    assert read(aws, other) == read(other, aws) == Active()


def test_what_the_recovery_site_has_counts_at_both(aws: Aws, other: Aws) -> None:
    assert write(other, MOVED)
    assert read(aws, other) == read(other, aws) == MOVED


def test_a_home_that_comes_back_is_outvoted(aws: Aws, other: Aws) -> None:
    write(aws, Active(3, "home"))
    write(other, replace(MOVED, epoch=4))
    assert read(aws, other).site == "recovery"


@pytest.mark.parametrize(
    ("at_home", "counts"),
    [
        pytest.param(Active(5, "home", False), "home", id="newer"),
        pytest.param(Active(4, "home", False), "recovery", id="as old"),
        pytest.param(Active(5, "recovery", False), "recovery", id="told what is to come"),
    ],
)
def test_a_newer_record_at_home_counts_at_both_where_it_says_that_home_serves(
    aws: Aws, other: Aws, at_home: Active, counts: str
) -> None:
    write(aws, at_home)
    write(other, replace(MOVED, epoch=4, moving=True))
    assert read(aws, other) == read(other, aws)
    assert read(aws, other).site == counts
    assert read(aws, other).moving == (counts == "recovery")


def test_an_older_record_is_not_written_over_a_newer_one(aws: Aws) -> None:
    for _again in range(2):
        assert write(aws, replace(MOVED, epoch=2))
    assert not write(aws, replace(MOVED, epoch=2, site="home"))
    assert not write(aws, Active(1, "home"))
    assert read(aws).site == "recovery"


def test_where_the_recovery_region_is_dark_the_copy_at_home_tells(aws: Aws, other: Aws) -> None:
    write(aws, MOVED)
    assert read(aws, dark(other)) == MOVED


def test_a_recovery_site_needs_nothing_of_home(aws: Aws, other: Aws) -> None:
    write(other, MOVED)
    assert read(other, dark(aws)) == read(other) == MOVED


def test_whose_own_region_is_dark_is_told_nothing(
    aws: Aws, other: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "ATTEMPTS", 1)
    with pytest.raises(Exception, match="Could not connect"):
        read(dark(other), aws)


@pytest.mark.parametrize(
    "text", ["", "home", "[]", '{"epoch": 1}', MOVED.dumps().replace("1,", '"one",', 1)]
)
def test_what_is_no_record_is_refused_and_not_taken_for_none(aws: Aws, text: str) -> None:
    name = path(aws.scope)
    client: Any = aws.client("ssm")
    client.put_parameter(Name=name, Value=text or " ", Type="String")
    with pytest.raises(Unread, match="is no record") as told:
        read(aws)
    assert "get-parameter-history" in told.value.hint


def test_the_record_of_a_site_that_is_taken_down_is_removed(aws: Aws) -> None:
    write(aws, MOVED)
    for _again in range(2):
        active.forget(aws)
    assert read(aws) == Active()


@pytest.mark.parametrize("stands", ["home", "recovery"])
def test_a_region_that_throttles_is_not_taken_for_a_lost_one_by_home(
    aws: Aws, other: Aws, monkeypatch: pytest.MonkeyPatch, stands: str
) -> None:
    """It is there, and what it has counts; the recovery site has that itself."""
    write(other, MOVED)
    own, peer = (aws, other) if stands == "home" else (other, aws)
    found = active._found

    def throttled(which: Aws, silent: Any = ()) -> Active | None:
        if which.scope != peer.scope:
            return found(which, silent)
        if Meaning.THROTTLED in silent:
            return None
        raise Throttled

    monkeypatch.setattr(active, "_found", throttled)
    if stands == "home":
        with pytest.raises(Throttled):
            read(own, peer)
    else:
        assert read(own, peer) == MOVED
