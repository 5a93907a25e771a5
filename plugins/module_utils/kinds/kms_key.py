# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Customer key of a region. It is known by its alias, which is made in a second call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.errors import not_ours
from ..aws.scope import pairs
from ..aws.session import Aws
from ..aws.view import View
from ..engine.model import Change, Have, Rules, Want
from .base import Kind, changed, have_for, sought, tag_edits
from .documents import document
from .kms_reading import DYING, described, settings, tags_of_key, unaliased

MAIN = "main"
WINDOW_DAYS = 30


class KmsKey(Kind):
    """spec: alias, description (str), policy (document), rotation, enabled (bool), tags.

    facts: id, arn, alias. A key that waits for its deletion counts as absent; create revives it.
    """

    name: ClassVar[str] = "kms_key"
    rules: ClassVar[Rules] = Rules(stateful=True, rank=1)
    tokenless: ClassVar[bool] = True
    services: ClassVar[tuple[str, ...]] = ("kms", "resourcegroupstaggingapi")

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for want in sought(wants, self.name, MAIN):
            alias = str(want.spec.get("alias", view.scope.key_alias))
            named = described(view, alias)
            data = named or unaliased(view, want)
            if data is None or data["KeyState"] in DYING:
                continue
            facts = {"id": data["KeyId"], "arn": data["Arn"], "alias": alias}
            if want.given:
                yield Have(self.name, want.id, {}, facts, status=data["KeyState"])
                continue
            tags = tags_of_key(view, data, want)
            if view.scope.owns(tags, self.name):
                spec = {**settings(view, data), "alias": alias if named else "", "tags": tags}
                yield Have(self.name, want.id, spec, facts, status=data["KeyState"])

    def taken(self, view: View, want: Want) -> str:
        data = described(view, want.spec["alias"])
        ours = data and view.scope.owns(tags_of_key(view, data, want), self.name)
        return str(want.spec["alias"]) if data and not ours else ""

    def create(self, aws: Aws, want: Want) -> Have:
        view = View(aws)
        there = described(view, want.spec["alias"])
        if there:
            return _revive(view, want, there)
        data = aws.once("kms").create_key(
            Description=want.spec["description"],
            Policy=document(want.spec["policy"]),
            Tags=pairs(want.spec["tags"], "TagKey", "TagValue"),
        )["KeyMetadata"]
        aws.client("kms").create_alias(AliasName=want.spec["alias"], TargetKeyId=data["KeyId"])
        if want.spec["rotation"]:
            aws.client("kms").enable_key_rotation(KeyId=data["KeyId"])
        return have_for(want, _facts(want, data))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        _set(aws, have.facts["id"], want.spec, changed(changes))
        put, drop = tag_edits(changes)
        kms = aws.client("kms")
        if put:
            kms.tag_resource(KeyId=have.facts["id"], Tags=pairs(put, "TagKey", "TagValue"))
        if drop:
            kms.untag_resource(KeyId=have.facts["id"], TagKeys=drop)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        """Starts AWS's waiting period. The alias stays: by it the key is found and revived."""
        aws.client("kms").schedule_key_deletion(
            KeyId=have.facts["id"], PendingWindowInDays=WINDOW_DAYS
        )


def _facts(want: Want, data: Mapping[str, Any]) -> dict[str, str]:
    return {"id": data["KeyId"], "arn": data["Arn"], "alias": want.spec["alias"]}


def _revive(view: View, want: Want, data: Mapping[str, Any]) -> Have:
    """Takes back the deletion of our key, so that what it encrypted stays readable."""
    if not view.scope.owns(tags_of_key(view, data, want), want.kind):
        raise not_ours(f"the key that {want.spec['alias']} names", view.scope.prefix)
    if data["KeyState"] in DYING:
        view.aws.client("kms").cancel_key_deletion(KeyId=data["KeyId"])
    keys = frozenset({"enabled", "policy", "rotation", "description"})
    _set(view.aws, data["KeyId"], want.spec, keys)
    tags = pairs(want.spec["tags"], "TagKey", "TagValue")
    view.aws.client("kms").tag_resource(KeyId=data["KeyId"], Tags=tags)
    return have_for(want, _facts(want, data))


def _set(aws: Aws, key: str, spec: Mapping[str, Any], keys: frozenset[str]) -> None:
    """One setter a key; a disabled key takes no other change, so it is enabled first."""
    kms = aws.client("kms")
    if "enabled" in keys:
        (kms.enable_key if spec["enabled"] else kms.disable_key)(KeyId=key)
    if "policy" in keys:
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=document(spec["policy"]))
    if "rotation" in keys:
        (kms.enable_key_rotation if spec["rotation"] else kms.disable_key_rotation)(KeyId=key)
    if "description" in keys:
        kms.update_key_description(KeyId=key, Description=spec["description"])
    if "alias" in keys:
        kms.create_alias(AliasName=spec["alias"], TargetKeyId=key)
