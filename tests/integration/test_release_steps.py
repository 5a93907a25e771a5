# SPDX-License-Identifier: GPL-3.0-or-later
"""Artifact, gate and record of a release: nothing is written over, and nothing runs unrecorded."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Connection
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import (
    artifact,
    gate,
    record,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.reports import evidence
from environment import Environment

from sandbox.running import Handle

KEY = "shop/shop-1.4.0.tar.gz"


class Releases:
    """The bucket of releases of an environment, and the steps of a release of 1.4.0 in it."""

    def __init__(self, handle: Handle, folder: Path, name: str, role: str = "") -> None:
        self.environment, self.folder, self.role = Environment(handle), folder, role
        self.environment.declared["environment"] = name
        aws = self.environment.aws("home")
        scope: Scope = replace(aws.scope, environment=name)
        if role:
            account = role.split(":")[4]
            self.environment.declared["account_id"] = account
            scope = replace(scope, account=account)
            aws = aws.at(scope, Connection("", role, "x", "x", "", handle.endpoint))
        self.s3 = aws.client("s3")
        self.bucket = scope.bucket("releases")
        self.s3.create_bucket(Bucket=self.bucket)

    @property
    def path(self) -> Path:
        return self.folder / "shop-1.4.0.tar.gz"

    def build(self, content: bytes) -> None:
        self.path.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        self.path.with_name(f"{self.path.name}.sha256").write_text(f"{digest}  {self.path.name}\n")

    def have(self, *, dry: bool = False, site: str = "home") -> dict[str, Any]:
        return artifact.have(self._params(path=str(self.path), site=site), dry=dry)

    def check(self, **more: str) -> dict[str, Any]:
        return gate.check(self._params(path=str(self.path), **more))

    def record(self, outcome: str, **more: Any) -> dict[str, Any]:
        more = {"sha256": artifact.own_sum(self.path), **more}
        return record.write(self._params(outcome=outcome, **more), dry=False)

    def content(self, key: str = KEY) -> bytes:
        return bytes(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def keys(self) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return sorted(item["Key"] for item in found)

    def _params(self, **more: Any) -> dict[str, Any]:
        more = {"application": "shop", "release": "1.4.0", "role_arn": self.role, **more}
        params = self.environment.params(more.pop("site", "home"), **more)
        params.pop("traffic")
        return params


@pytest.fixture
def production(sandbox: Handle, tmp_path: Path) -> Releases:
    sandbox.reset()
    made = Releases(sandbox, tmp_path, "production")
    made.build(b"one")
    return made


@pytest.fixture
def staging(production: Releases, sandbox: Handle) -> Releases:
    return Releases(sandbox, production.folder, "staging")


def test_an_artifact_is_published_once_with_its_checksum(production: Releases) -> None:
    first, again = production.have(), production.have()
    assert first["changed"] and not again["changed"]
    assert first["sha256"] == again["sha256"] == hashlib.sha256(b"one").hexdigest()
    assert production.content() == b"one"
    assert production.content(f"{KEY}.sha256").split()[0].decode() == first["sha256"]


def test_a_check_publishes_nothing(production: Releases) -> None:
    assert production.have(dry=True)["changed"]
    assert production.keys() == []


def test_other_bytes_of_the_same_version_are_refused(production: Releases) -> None:
    production.have()
    production.build(b"two")
    with pytest.raises(Refusal, match="is published already with other bytes") as refused:
        production.have()
    assert "give the new build a version of its own" in str(refused.value)
    assert production.content() == b"one"


@pytest.mark.parametrize("told", ["0" * 64, "nonsense"])
def test_an_artifact_that_is_not_what_its_checksum_says_is_refused(
    production: Releases, told: str
) -> None:
    beside = production.path.with_name(f"{production.path.name}.sha256")
    beside.write_text(f"{told}  {production.path.name}\n")
    with pytest.raises(Refusal, match=r"is not what .* says|there is no checksum in"):
        production.have()
    assert production.keys() == []


def test_what_only_the_bucket_has_is_fetched(production: Releases) -> None:
    production.have()
    for path in production.folder.iterdir():
        path.unlink()
    assert production.have()["sha256"] == hashlib.sha256(b"one").hexdigest()
    assert production.path.read_bytes() == b"one"
    assert not production.have()["changed"]


def test_what_only_the_other_sites_bucket_has_is_fetched_and_published_beside_it(
    production: Releases,
) -> None:
    there = production.environment.aws("recovery")
    s3, bucket = there.client("s3"), there.scope.bucket("releases")
    s3.create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": there.scope.region}
    )
    production.have()
    production.path.unlink()
    assert production.have(site="recovery")["bucket"] == bucket
    assert s3.get_object(Bucket=bucket, Key=KEY)["Body"].read() == b"one"
    assert [path.name for path in production.folder.iterdir() if ".part" in path.name] == []


def test_what_was_spoilt_in_the_bucket_is_not_fetched(production: Releases) -> None:
    production.have()
    production.s3.put_object(Bucket=production.bucket, Key=KEY, Body=b"spoilt")
    production.path.unlink()
    with pytest.raises(Refusal, match="is not what its checksum says"):
        production.have()
    assert not production.path.exists()


def test_an_artifact_that_is_nowhere_is_asked_for(production: Releases) -> None:
    production.path.unlink()
    with pytest.raises(Refusal, match="there is neither"):
        production.have()


def test_a_publication_that_was_killed_before_the_checksum_is_finished(
    production: Releases,
) -> None:
    production.have()
    production.s3.delete_object(Bucket=production.bucket, Key=f"{KEY}.sha256")
    assert production.have()["changed"]
    assert production.keys() == [KEY, f"{KEY}.sha256"]
    production.s3.delete_object(Bucket=production.bucket, Key=f"{KEY}.sha256")
    production.build(b"two")
    with pytest.raises(Refusal, match="is published already with other bytes"):
        production.have()


def test_what_staging_has_not_recorded_is_refused(production: Releases, staging: Releases) -> None:
    with pytest.raises(Refusal, match=r"has not passed staging: nothing is recorded"):
        production.check(after="staging")
    assert staging.keys() == []


def test_where_there_is_no_staging_it_has_not_passed(production: Releases) -> None:
    with pytest.raises(Refusal, match="has not passed staging") as refused:
        production.check(after="staging")
    assert refused.value.result["code"] == "not_passed"


def test_what_staging_has_passed_may_run(production: Releases, staging: Releases) -> None:
    staging.record("succeeded")
    assert production.check(after="staging")["allowed"] == "staging has passed it"


@pytest.mark.parametrize(
    ("content", "outcome", "name", "changed", "may"),
    [
        (b"one", "succeeded", "staging-b", False, True),
        (b"two", "succeeded", "staging-b", False, False),
        (b"one", "failed", "staging-b", False, False),
        (b"one", "succeeded", "qa-a", False, False),
        (b"one", "succeeded", "staging-b", True, False),
    ],
)
def test_what_was_rehearsed_on_a_staging_copy_may_run_where_that_went_well(
    production: Releases, content: bytes, outcome: str, name: str, changed: bool, may: bool
) -> None:
    production.build(b"one")
    bucket = production.bucket.replace("-releases-", "-backups-")
    production.s3.create_bucket(Bucket=bucket)
    found = {"release": "1.4.0", "sha256": hashlib.sha256(content).hexdigest()}
    told = {
        "operation": "refresh",
        "environment": name,
        "outcome": outcome,
        "steps": [{"name": "migrate", "evidence": found}],
    }
    report = evidence.sealed(told, "") | ({"operator": "somebody"} if changed else {})
    key = "operations/home/staging/20261129T101500Z-refresh-3f2a/report.json"
    production.s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(report))
    if may:
        assert production.check(after="staging")["allowed"] == "staging has passed it"
    else:
        with pytest.raises(Refusal, match="has not passed staging"):
            production.check(after="staging")


def test_staging_may_have_an_account_of_its_own(production: Releases, sandbox: Handle) -> None:
    role = "arn:aws:iam::210987654321:role/releases-reader"
    there = Releases(sandbox, production.folder, "staging", role)
    with pytest.raises(Refusal, match="nothing is recorded of it there"):
        production.check(after="staging", after_role=role)
    there.record("succeeded")
    assert production.check(after="staging", after_role=role)["allowed"] == "staging has passed it"
    with pytest.raises(Refusal, match="nothing is recorded of it there"):
        production.check(after="staging")


def test_other_bytes_than_staging_has_passed_are_refused(
    production: Releases, staging: Releases
) -> None:
    staging.record("succeeded")
    production.build(b"two")
    with pytest.raises(Refusal, match="other bytes have"):
        production.check(after="staging")


def test_what_failed_in_staging_is_refused_with_its_reason(
    production: Releases, staging: Releases
) -> None:
    staging.record("failed", reason="it was never ready")
    with pytest.raises(Refusal, match=r"it failed there at .*: it was never ready"):
        production.check(after="staging")


def test_an_override_needs_a_reason_and_is_told(production: Releases) -> None:
    with pytest.raises(Refusal, match="a sentence that says why"):
        production.check(after="staging", override="yes")
    why = "staging is being rebuilt"
    assert production.check(after="staging", override=why)["overridden"] == why


def test_an_override_holds_where_staging_cannot_be_asked(production: Releases) -> None:
    refused = {"effect": "error500", "service": "sts", "action": "AssumeRole"}
    production.environment.handle.faults([refused])
    role = "arn:aws:iam::210987654321:role/releases-reader"
    why = "staging is being rebuilt"
    told = production.check(after="staging", after_role=role, override=why)
    assert told["overridden"] == why
    assert "staging has not passed it: it could not be asked: " in told["allowed"]
    with pytest.raises(Refusal, match="AssumeRole"):
        production.check(after="staging", after_role=role)
    production.environment.handle.faults([])


def test_what_has_run_here_before_may_run_again(production: Releases) -> None:
    production.record("succeeded")
    assert production.check(after="staging")["allowed"] == "it has run here before"


def test_a_record_says_who_and_what_and_is_never_written_over(production: Releases) -> None:
    first = production.record("failed", reason="no")
    second = production.record("failed", reason="no")
    assert first["key"] != second["key"]
    assert {first["key"], second["key"]} <= set(production.keys())
    told = first["record"]
    assert told["by"].startswith("arn:aws:") and "@" in told["operator"]
    assert told["environment"] == "production" and told["release"] == "1.4.0"


def test_a_run_that_changed_nothing_adds_no_record(production: Releases) -> None:
    assert production.record("succeeded", images={"home": "ami-1"})["changed"]
    assert not production.record("succeeded", images={"home": "ami-1"})["changed"]
    assert production.record("succeeded", images={"home": "ami-2"})["changed"]


FIRST = {"sha256": "", "images": {"home": "ami-1"}, "first": True}


def test_the_first_release_is_recorded_once_with_what_was_published(production: Releases) -> None:
    production.have()
    made = production.record("succeeded", **FIRST)
    assert made["changed"]
    assert made["record"]["sha256"] == hashlib.sha256(b"one").hexdigest()
    assert "first" not in made["record"]
    again = production.record("succeeded", **{**FIRST, "images": {"home": "ami-2"}})
    assert not again["changed"] and again["record"] == made["record"]


def test_a_release_that_failed_does_not_become_a_success_because_it_runs(
    production: Releases,
) -> None:
    """It may run at one site of two, and whoever asks the record must not hear that it passed."""
    production.have()
    failed = production.record("failed", reason="recovery was never ready")
    first = production.record("succeeded", **FIRST)
    assert not first["changed"] and first["record"] == failed["record"]


def test_after_the_first_release_what_runs_is_not_recorded_unless_it_was_released(
    production: Releases,
) -> None:
    production.have()
    known = production.record("succeeded", release="1.3.0")
    found = production.record("succeeded", **FIRST)
    assert not found["changed"] and found["record"] == known["record"]


def test_a_failure_of_another_release_does_not_hide_the_first_one(production: Releases) -> None:
    production.have()
    production.record("failed", release="1.5.0", reason="no")
    assert production.record("succeeded", **FIRST)["changed"]
