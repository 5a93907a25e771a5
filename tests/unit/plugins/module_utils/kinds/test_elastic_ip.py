# SPDX-License-Identifier: GPL-3.0-or-later
"""Elastic addresses are known by their tags alone."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds import elastic_ip
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.elastic_ip import ElasticIp


@pytest.fixture
def want(scope: Scope) -> Want:
    return Want("elastic_ip", "nat-a", {"tags": scope.marks("elastic_ip", "nat-a")})


def test_a_new_address_is_as_declared(life: Any, want: Want) -> None:
    have = life(ElasticIp()).make(want)
    assert life(ElasticIp()).differences(want) == {}
    assert have.facts["id"].startswith("eipalloc-")
    assert have.facts["public_ip"].count(".") == 3


def test_an_address_without_our_tags_is_not_ours(life: Any, aws: Any, want: Want) -> None:
    aws.client("ec2").allocate_address(Domain="vpc")
    assert life(ElasticIp()).find(want) is None


def test_a_tag_changed_behind_its_back_is_repaired(life: Any, aws: Any, want: Want) -> None:
    one = life(ElasticIp())
    address = one.make(want).facts["id"]
    aws.client("ec2").create_tags(Resources=[address], Tags=[{"Key": "Name", "Value": "x"}])
    assert one.differences(want) == {"tags.Name": ("x", "production-home-nat-a")}
    one.repair(want)
    assert one.differences(want) == {}


def test_a_released_address_is_gone(life: Any, want: Want) -> None:
    one = life(ElasticIp())
    one.make(want)
    one.remove(want)
    assert one.find(want) is None


def test_what_another_run_makes_meanwhile_is_not_counted_twice(
    life: Any, aws: Any, view: Any, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The emulator, alone, knows no quotas.
    monkeypatch.setattr(elastic_ip, "_quota", lambda view: elastic_ip.DEFAULT)
    wants = [
        Want("elastic_ip", f"nat-{zone}", {"tags": scope.marks("elastic_ip", f"nat-{zone}")})
        for zone in "abc"
    ]
    look = view()
    assert list(ElasticIp().find(look, wants)) == []
    for want in wants:
        life(ElasticIp()).make(want)
    assert list(ElasticIp().shortage(look, wants)) == []
    for _ in range(3):
        aws.client("ec2").allocate_address(Domain="vpc")
    [short] = ElasticIp().shortage(view(), wants)
    assert "3 elastic IP addresses would be made in us-east-1, where 6 are there" in str(short)
