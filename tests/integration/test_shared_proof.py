# SPDX-License-Identifier: GPL-3.0-or-later
"""The record by which certificates of both staging copies are proved goes with the last of them."""

from __future__ import annotations

from typing import Any

import pytest
from environment import Environment
from mirroring import DOMAIN, Mirror


def proofs(environment: Environment) -> list[str]:
    """The names of records that prove a certificate of staging."""
    client = environment.aws("home").client("route53")
    [zone] = [z["Id"] for z in client.list_hosted_zones()["HostedZones"]]
    found = client.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    names = [one["Name"] for one in found if one["Type"] == "CNAME"]
    return [name for name in names if name.endswith(f".{DOMAIN}.")]


def kept(gone: dict[str, Any]) -> list[str]:
    return [item for item in gone["kept"] if item.startswith("dns_record/")]


@pytest.mark.sweep
def test_the_proof_of_both_copies_stays_with_the_one_that_does_not_go(
    production: Environment,
) -> None:
    first = Mirror(production)
    first.refresh()
    second = Mirror(production)
    second.tiers()
    assert first.name != second.name
    [record] = proofs(production)
    gone = first.destroy()
    assert gone["left"] == []
    assert kept(gone) == ["dns_record/validation, by which certificates of others are renewed"]
    assert "dns_record/validation" not in gone["done"]
    assert f"= staging {kept(gone)[0]}" in gone["report"]
    assert proofs(production) == [record]
    # What ACM sees no proof of any more would not be issued, nor renewed.
    assert second.tiers()["changed"] is False
    gone = second.destroy()
    assert (gone["left"], kept(gone)) == ([], [])
    assert "dns_record/validation" in gone["done"]
    assert proofs(production) == []
