# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Customer key of a region. It is known by its alias, which is made in a second call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.errors import Meaning, meaning, not_ours
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

    facts: id, arn, alias. A key that waits for its deletion is leaving and not enabled: an update
    calls it back, so that what it encrypted stays readable, and what names it need not change.
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
            if data is None:
                continue
            leaving = data["KeyState"] in DYING
            facts = {"id": data["KeyId"], "arn": data["Arn"], "alias": alias}
            if want.given:
                if not leaving:
                    yield Have(self.name, want.id, {}, facts, status=data["KeyState"])
                continue
            tags = tags_of_key(view, data, want)
            if view.scope.owns(tags, self.name):
                spec = {**settings(view, data), "alias": alias if named else "", "tags": tags}
                yield Have(
                    self.name, want.id, spec, facts, status=data["KeyState"], leaving=leaving
                )

    def taken(self, view: View, want: Want) -> str:
        data = described(view, want.spec["alias"])
        ours = data and view.scope.owns(tags_of_key(view, data, want), self.name)
        return str(want.spec["alias"]) if data and not ours else ""

    def create(self, aws: Aws, want: Want) -> Have:
        if self.taken(View(aws), want):
            raise not_ours(f"the key that {want.spec['alias']} names", aws.scope.prefix)
        data = aws.once("kms").create_key(
            Description=want.spec["description"],
            Policy=document(want.spec["policy"]),
            Tags=pairs(want.spec["tags"], "TagKey", "TagValue"),
        )["KeyMetadata"]
        _name(aws, data["KeyId"], want.spec["alias"])
        if want.spec["rotation"]:
            aws.client("kms").enable_key_rotation(KeyId=data["KeyId"])
        return have_for(want, _facts(want, data))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        if have.leaving:
            _call_back(aws, have.facts["id"])
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
        _name(aws, key, spec["alias"])


def _call_back(aws: Aws, key: str) -> None:
    """Takes back the deletion of a key. A call whose answer was lost meets one that is back."""
    kms = aws.client("kms")
    try:
        kms.cancel_key_deletion(KeyId=key)
    except Exception:
        if kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] in DYING:
            raise


def _name(aws: Aws, key: str, alias: str) -> None:
    """Gives a key its alias. A call whose answer was lost is repeated, and meets its own alias."""
    kms = aws.client("kms")
    try:
        kms.create_alias(AliasName=alias, TargetKeyId=key)
    except Exception as error:
        if meaning(error) is not Meaning.EXISTS:
            raise
        if kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"] != key:
            raise
