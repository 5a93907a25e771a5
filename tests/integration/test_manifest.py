# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifest holds what an operation must know of both sites, and is not lost by a run."""

from __future__ import annotations

import json
from typing import Any

import failing_over as over
import pytest
import validating
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import manifest
from environment import Environment

KEY = "manifest/recovery.json"
KNOWN = {
    "home": {"security_group/database": {"id": "sg-0a1b"}, "vpc/main": {"id": "vpc-1"}},
    "recovery": {"db_instance/main": {"ports": (5432,)}},
}


def write(environment: Environment, *, dry: bool = False, **knowledge: Any) -> dict[str, Any]:
    return manifest.write(environment.params("recovery", knowledge=knowledge), dry=dry)


def body(environment: Environment) -> bytes:
    client = environment.aws("recovery").client("s3")
    return bytes(client.get_object(Bucket=over.BUCKET, Key=KEY)["Body"].read())


def put(environment: Environment, text: bytes) -> None:
    environment.aws("recovery").client("s3").put_object(Bucket=over.BUCKET, Key=KEY, Body=text)


def known(environment: Environment, site: str) -> Any:
    return json.loads(body(environment))["sites"][site]["known"]


@pytest.fixture
def kept(built: Environment) -> Environment:
    """With a manifest of known content."""
    put(built, b"{}")
    assert write(built, **KNOWN)["changed"]
    return built


def test_the_same_knowledge_is_written_once(kept: Environment) -> None:
    before, mark = body(kept), kept.handle.mark()
    told = write(kept, **KNOWN)
    assert (told["changed"], told["key"]) == (False, KEY)
    assert kept.handle.writes_since(mark) == []
    assert body(kept) == before


def test_other_knowledge_is_written_and_a_check_of_it_writes_nothing(kept: Environment) -> None:
    other = {**KNOWN, "home": {"vpc/main": {"id": "vpc-2"}}}
    mark = kept.handle.mark()
    assert write(kept, dry=True, **other)["changed"]
    assert kept.handle.writes_since(mark) == []
    assert write(kept, **other)["changed"]
    assert known(kept, "home") == other["home"]


@pytest.mark.parametrize("nothing", [{}, {"home": {}}, {"home": None}])
def test_a_site_of_which_nothing_is_handed_over_keeps_what_was_known_of_it(
    kept: Environment, nothing: dict[str, Any]
) -> None:
    write(kept, **nothing, recovery={"vpc/main": {"id": "vpc-9"}})
    assert known(kept, "home") == KNOWN["home"]
    assert known(kept, "recovery") == {"vpc/main": {"id": "vpc-9"}}


@pytest.mark.parametrize("text", [b"", b"no json", b"{}", b"[]", b'{"schema": 99}'])
def test_one_that_is_none_is_refused_with_a_way_on(kept: Environment, text: bytes) -> None:
    put(kept, text)
    with pytest.raises(Refusal, match="is no manifest of this version") as caught:
        over.step(kept, "open")
    assert caught.value.result["code"] == "unreadable"
    assert "playbook site for both sites" in caught.value.result["hint"]
    assert f"--prefix {KEY}" in caught.value.result["hint"]
    assert over.keys(kept) == []
    with pytest.raises(Refusal, match="is no manifest"):
        write(kept, recovery=KNOWN["recovery"])
    assert body(kept) == text


def test_one_that_is_none_is_written_anew_by_a_run_of_both_sites(kept: Environment) -> None:
    put(kept, b"no json")
    assert write(kept, **KNOWN)["changed"]
    assert known(kept, "home") == KNOWN["home"]


def test_beside_it_is_what_a_person_does_by_hand_with_the_names_of_the_environment(
    kept: Environment,
) -> None:
    told = manifest.write(
        kept.params("recovery", knowledge={}, values={"domain": "shop.example.org"}), dry=False
    )["runbooks"]
    client = kept.aws("recovery").client("s3")
    listed = client.list_objects_v2(Bucket=over.BUCKET, Prefix="manifest/recovery-")["Contents"]
    assert {item["Key"] for item in listed} == {f"manifest/recovery-{name}" for name in told}
    assert set(told) == {
        f"runbook-{name}.md"
        for name in ("failover", "switchover", "reprotect", "failback", "rollback")
    }
    assert "## 1. " in told["runbook-failback.md"]
    assert told["runbook-failback.md"].startswith("# Failback by hand\n")
    moves = "you move `production` from `{}` to `{}`"
    assert moves.format("recovery", "home") in told["runbook-failback.md"]
    assert moves.format("home", "recovery") in told["runbook-switchover.md"]
    assert "promote-read-replica --region us-west-2" in told["runbook-failover.md"]
    assert "promote-read-replica --region us-east-1" in told["runbook-failback.md"]


def test_where_there_is_none_no_failover_begins(kept: Environment) -> None:
    kept.aws("recovery").client("s3").delete_object(Bucket=over.BUCKET, Key=KEY)
    with pytest.raises(Refusal, match="has no manifest of the environment"):
        over.step(kept, "open")
    assert over.keys(kept) == []


def test_the_copy_of_the_other_sites_manifest_takes_the_place_of_none(kept: Environment) -> None:
    """S3 copies it whenever it comes to it, after one that is newer too."""
    before = body(kept)
    old = {"home": {"vpc/main": {"id": "vpc-old"}}, "recovery": {"vpc/main": {"id": "vpc-old"}}}
    manifest.write(kept.params("home", knowledge=old), dry=False)
    client = kept.aws("recovery").client("s3")
    copied = client.get_object(Bucket=over.BUCKET, Key="manifest/home.json")["Body"].read()
    assert b"vpc-old" in copied
    assert body(kept) == before


def test_an_image_that_was_removed_since_is_not_believed_where_the_region_has_another(
    kept: Environment,
) -> None:
    gone = {**KNOWN["recovery"], "image/current": {"id": "ami-0123456789abcdef0"}}
    write(kept, recovery=gone)
    assert "image/current" not in over.step(kept, "open", dry=True)["known"]
    there = validating.image(kept, "recovery", "2")
    try:
        told = over.step(kept, "open")["known"]
    finally:
        kept.aws("recovery").client("ec2").deregister_image(ImageId=there)
    assert told["image/current"]["id"] == there
    assert told.keys() == gone.keys()
