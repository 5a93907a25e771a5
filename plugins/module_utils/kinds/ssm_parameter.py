# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Parameter of Systems Manager: configuration that the application reads. Never a secret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.scope import Scope, pairs
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.model import Change, Have, Rules, Want
from .arn_tags import tagged, tags_of
from .base import Kind, changed, have_for, tag_edits


class SsmParameter(Kind):
    """spec: value (text), type ("String"), tags. facts: id and name (its path), arn.

    Of one whose value others write, the spec has in its place `initial`, that it is made with, and
    the value is a fact. The
    path is "/<environment>/<site>/<id>"; other parameters below it are named as foreign.
    """

    name: ClassVar[str] = "ssm_parameter"
    rules: ClassVar[Rules] = Rules(rank=10)
    services: ClassVar[tuple[str, ...]] = ("ssm", "resourcegroupstaggingapi")

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        top = path(view.scope, "")
        named = {path(view.scope, want.id) for want in wants}
        ours: list[tuple[dict[str, Any], Mapping[str, str]]] = []
        foreign: list[str] = []
        for item in _listed(view):
            arn, name = item["ARN"], item["Name"]
            tags = tagged(view, "ssm").get(arn, {})
            if name in named:
                tags = _tags(view, arn, name, wants)
            if view.scope.owns(tags, self.name):
                ours.append((item, tags))
            else:
                foreign.append(f"parameter {name}")
        left = {want.id: want.spec["initial"] for want in wants if "initial" in want.spec}
        for item, tags in ours:
            id = item["Name"].removeprefix(top)
            spec = {"value": item["Value"], "type": item["Type"], "tags": tags}
            facts = _facts(view.scope, item["Name"])
            if id in left:
                spec["initial"] = left[id]
                facts["value"] = item["Value"]
            others = tuple(foreign) if item is ours[0][0] else ()
            yield Have(self.name, id, spec, facts, foreign=others)

    def taken(self, view: View, want: Want) -> str:
        name = path(view.scope, want.id)
        return name if any(item["Name"] == name for item in _listed(view)) else ""

    def create(self, aws: Aws, want: Want) -> Have:
        name, spec = path(aws.scope, want.id), want.spec
        facts = _facts(aws.scope, name)
        value = spec["initial"] if "initial" in spec else spec["value"]
        aws.once("ssm").put_parameter(
            Name=name, Value=value, Type=spec["type"], Tags=pairs(spec["tags"])
        )
        return have_for(want, facts | ({"value": value} if "initial" in spec else {}))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        ssm, name = aws.client("ssm"), have.facts["name"]
        if changed(changes) - {"tags"}:
            value, type = want.spec.get("value", have.spec["value"]), want.spec["type"]
            ssm.put_parameter(Name=name, Value=value, Type=type, Overwrite=True)
        put, drop = tag_edits(changes)
        target = {"ResourceType": "Parameter", "ResourceId": name}
        if put:
            ssm.add_tags_to_resource(**target, Tags=pairs(put))
        if drop:
            ssm.remove_tags_from_resource(**target, TagKeys=drop)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        aws.client("ssm").delete_parameter(Name=have.facts["name"])


def path(scope: Scope, id: str) -> str:
    """Where the parameter of this id is; of "" the top of all of them."""
    return f"/{scope.environment}/{scope.site}/{id}"


def _listed(view: View) -> list[dict[str, Any]]:
    """All parameters below the site's path."""
    top = path(view.scope, "").rstrip("/")
    return view.pages("ssm", "get_parameters_by_path", "Parameters", Path=top, Recursive=True)


def _tags(view: View, arn: str, name: str, wants: Sequence[Want]) -> Mapping[str, str]:
    def exact() -> Mapping[str, str]:
        target = {"ResourceType": "Parameter", "ResourceId": name}
        answer = view.call("ssm", "list_tags_for_resource", **target)
        return canon.tags(answer["TagList"] if answer else ())

    return tags_of(view, arn, wants, exact)


def _facts(scope: Scope, name: str) -> dict[str, Any]:
    return {"id": name, "name": name, "arn": scope.arn("ssm", f"parameter{name}")}
