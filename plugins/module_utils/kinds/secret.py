# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Secret whose value is made here once, written once, and never read into a spec."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, ClassVar

from ..aws.errors import not_ours
from ..aws.scope import pairs
from ..aws.session import SECRETS, Aws
from ..aws.view import View
from ..engine import canon
from ..engine.model import Change, Have, Rules, Want
from .base import Kind, changed, have_for, sought, tag_edits
from .documents import document
from .secret_reading import alias_of, described, kept, password

WINDOW_DAYS = 30


class Secret(Kind):
    """spec: name, description (str), key (alias), policy (document; without one any will do),
    username (str), tags. facts: id, name, arn.

    AWS does not tell the user name without the password, so it is taken for
    what was declared. A secret that waits for its deletion counts as absent; create restores it,
    with the value it had.
    """

    name: ClassVar[str] = "secret"
    rules: ClassVar[Rules] = Rules(replace=frozenset({"name"}), stateful=True, rank=10)
    services: ClassVar[tuple[str, ...]] = ("secretsmanager", "kms", "resourcegroupstaggingapi")

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for want in sought(wants, self.name, *sorted(kept(view))):
            data = described(view, want.spec.get("name", view.scope.secret(want.id)))
            tags = canon.tags(data.get("Tags", [])) if data else {}
            if data and not data.get("DeletedDate") and view.scope.owns(tags, self.name):
                facts = _facts(data)
                yield Have(self.name, want.id, _spec(view, want, data, tags), facts)

    def taken(self, view: View, want: Want) -> str:
        name = str(want.spec["name"])
        data = described(view, name)
        ours = data and view.scope.owns(canon.tags(data.get("Tags", [])), self.name)
        return name if data and not ours else ""

    def create(self, aws: Aws, want: Want) -> Have:
        spec, client = want.spec, aws.client("secretsmanager")
        old = described(View(aws), spec["name"])
        if old and old.get("DeletedDate"):
            return _restore(aws, want, old)
        # The token makes the SDK's own repetitions one secret. After a killed run the value would
        # be another one, which AWS refuses; that secret is then found by its name.
        data = client.create_secret(
            Name=spec["name"],
            ClientRequestToken=aws.scope.token(want.address, {"name": spec["name"]}),
            Description=spec["description"],
            KmsKeyId=spec["key"],
            SecretString=json.dumps(
                {
                    "engine": "postgres",
                    "username": spec["username"],
                    "password": SECRETS.learn(password()),
                }
            ),
            Tags=pairs(spec["tags"]),
        )
        _set(aws, spec, spec.keys() & {"policy"})
        return have_for(want, _facts(data))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        _set(aws, want.spec, changed(changes))
        put, drop = tag_edits(changes)
        client = aws.client("secretsmanager")
        if put:
            client.tag_resource(SecretId=want.spec["name"], Tags=pairs(put))
        if drop:
            client.untag_resource(SecretId=want.spec["name"], TagKeys=drop)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        aws.client("secretsmanager").delete_secret(
            SecretId=have.facts["arn"], RecoveryWindowInDays=WINDOW_DAYS
        )


def _facts(data: Mapping[str, Any]) -> dict[str, str]:
    return {"id": data["Name"], "name": data["Name"], "arn": data["ARN"]}


def _spec(
    view: View, want: Want, data: Mapping[str, Any], tags: Mapping[str, str]
) -> dict[str, Any]:
    spec = {
        "name": data["Name"],
        "description": data.get("Description", ""),
        "key": alias_of(view, data.get("KmsKeyId", "")),
        "username": want.spec.get("username", ""),
        "tags": tags,
    }
    if "policy" in want.spec:
        answer = view.call("secretsmanager", "get_resource_policy", SecretId=data["Name"]) or {}
        spec["policy"] = canon.policy(answer.get("ResourcePolicy") or "{}")
    return spec


def _set(aws: Aws, spec: Mapping[str, Any], keys: Set[str]) -> None:
    client = aws.client("secretsmanager")
    if keys & {"description", "key"}:
        client.update_secret(
            SecretId=spec["name"], Description=spec["description"], KmsKeyId=spec["key"]
        )
    if "policy" in keys:
        client.put_resource_policy(
            SecretId=spec["name"],
            ResourcePolicy=document(spec["policy"]),
            BlockPublicPolicy=True,
        )


def _restore(aws: Aws, want: Want, old: Mapping[str, Any]) -> Have:
    spec = want.spec
    name = spec["name"]
    if not aws.scope.owns(canon.tags(old.get("Tags", [])), want.kind):
        raise not_ours(f"secret {name}, which waits for its deletion,", aws.scope.prefix)
    client = aws.client("secretsmanager")
    client.restore_secret(SecretId=name)
    _set(aws, spec, spec.keys() & {"description", "key", "policy"})
    client.tag_resource(SecretId=name, Tags=pairs(spec["tags"]))
    return have_for(want, _facts(old))
