# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Copy of a secret in another region. Made apart from the secret, which must not wait for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.errors import Conflict, not_ours
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.errors import EngineError, NameTaken
from ..engine.model import Change, Have, Rules, Want
from .base import Kind, have_for
from .secret_reading import described, kept

READY = "InSync"
FAILED = "Failed"


class SecretReplica(Kind):
    """spec: name (of the secret), region, key (alias in that region), state ("usable", "failed").

    facts: id, region, arn. Settled: in sync. A copy that failed holds nothing and is made again by
    `update`; its status says why it failed. Copies bear the tags of their secret; an undeclared one
    is ours by its key, the one of a site of this environment.
    """

    name: ClassVar[str] = "secret_replica"
    rules: ClassVar[Rules] = Rules(replace=frozenset({"name", "region", "key"}), rank=40)
    services: ClassVar[tuple[str, ...]] = ("secretsmanager", "resourcegroupstaggingapi")

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        declared = {(want.spec["name"], want.spec["region"]): want for want in wants}
        names = {name for name, _region in declared}
        names = names or {view.scope.secret(id) for id in kept(view)}
        taken = {want.id for want in wants}
        for name in sorted(names):
            data = described(view, name) or {}
            tags = canon.tags(data.get("Tags", []))
            if not view.scope.owns(tags) or data.get("DeletedDate"):
                continue
            login = view.scope.id_of(tags)
            for copy in data.get("ReplicationStatus", []):
                want = declared.get((name, copy["Region"]))
                if want:
                    yield _have(want.id, data, copy, str(want.spec["key"]))
                elif not want and _key(copy).startswith(view.scope.key_aliases):
                    id = f"{login}-{copy['Region']}" if login in taken else login
                    taken.add(id)
                    yield _have(id, data, copy)

    def objections(
        self, view: View, want: Want, have: Have | None
    ) -> Iterator[EngineError | Conflict]:
        """A copy bears the name of its secret, so that must be free in its region."""
        name, region = str(want.spec["name"]), str(want.spec["region"])
        found = described(view, name, region)
        if not found:
            return
        what = f"secret {name} in {region}"
        if not view.scope.owns(canon.tags(found.get("Tags", []))):
            yield not_ours(what, view.scope.prefix)
        elif found.get("PrimaryRegion") != view.scope.region:
            yield NameTaken(
                f"{what} is a copy no longer, but a secret of its own in the place of one",
                "if nobody reads it any more, remove it, then run the same playbook again: "
                f"aws secretsmanager delete-secret --region {region} --secret-id {name} "
                "--force-delete-without-recovery",
            )

    def create(self, aws: Aws, want: Want) -> Have:
        spec = want.spec
        begin(aws.once("secretsmanager"), spec["name"], spec["region"], spec["key"])
        facts = {"id": spec["name"], "region": spec["region"]}
        return have_for(want, facts, settled=False, status="InProgress")

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        """Nothing of a copy is changed in place; one that failed makes room for a new one."""
        self.delete(aws, have)
        return self.create(aws, want)

    def delete(self, aws: Aws, have: Have) -> None:
        remove(aws, have.spec["name"], have.spec["region"])


def begin(client: Any, name: str, region: str, key: str, *, over: bool = False) -> None:
    """Asks for the copy of a secret in a region that has none: AWS knows no error which says that
    there is one, and refuses another. key: of that region. over: in the place of a secret there
    that bears its name.
    """
    client.replicate_secret_to_regions(
        SecretId=name,
        AddReplicaRegions=[{"Region": region, "KmsKeyId": key}],
        ForceOverwriteReplicaSecret=over,
    )


def remove(aws: Aws, name: str, region: str) -> None:
    """Takes a copy away, also one that failed, which is in the way of another."""
    aws.client("secretsmanager").remove_regions_from_replication(
        SecretId=name, RemoveReplicaRegions=[region]
    )


def _facts(data: Mapping[str, Any], region: str) -> dict[str, str]:
    parts = data["ARN"].split(":")
    parts[3] = region
    return {"id": data["Name"], "arn": ":".join(parts), "region": region}


def _key(copy: Mapping[str, Any]) -> str:
    return str(copy.get("KmsKeyId", "")).rpartition(":")[2]


def _have(id: str, data: Mapping[str, Any], copy: Mapping[str, Any], key: str = "") -> Have:
    """What AWS tells of a copy. key: the declared one, for a copy that failed and so has none."""
    status = copy.get("Status", "")
    failed = status == FAILED
    if failed and copy.get("StatusMessage"):
        status = f"{status}: {copy['StatusMessage']}"
    return Have(
        "secret_replica",
        id,
        {
            "name": data["Name"],
            "region": copy["Region"],
            "key": key if failed else _key(copy),
            "state": "failed" if failed else "usable",
        },
        _facts(data, copy["Region"]),
        settled=status == READY,
        status=status,
        failed=failed,
    )
