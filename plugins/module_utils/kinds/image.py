# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Image of a host with a release on it: made of a builder, or copied from another region.

Which of them is in use, the launch template of the site's group says: `image/current` is that one,
and where there is no template yet the newest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.scope import RECIPE, RELEASE, specification
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.model import UNTOLD, Change, Have, Rules, Want
from . import autoscaling, refreshing
from .base import Kind, have_for, retag_ec2
from .image_use import in_use
from .launch_data import version_of

CURRENT = "current"
# It will never be usable.
FAILED = ("failed", "error", "invalid")
# It was deregistered, and may be listed for a moment longer.
GONE = "deregistered"


class Image(Kind):
    """spec: name, made_of ({"instance": id} or {"image": id, "region": name, "key": ARN}), tags,
    among which are the release and the recipe. facts: id, release, recipe, created (time as text).

    An image is never removed because nobody declares it: it is the way back, up to as many as are
    to be kept. One that has failed is none, and bears a name that another one needs.
    """

    name: ClassVar[str] = "image"
    rules: ClassVar[Rules] = Rules(
        replace=frozenset({"name"}), stateful=True, history=True, rank=12
    )
    services: ClassVar[tuple[str, ...]] = ("ec2", "autoscaling")

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        listed = view.owned(self.name, "ec2", "describe_images", "Images", Owners=["self"])
        found = [_have(id, item, tags) for id, item, tags in listed if item["State"] != GONE]
        yield from found
        if any(want.id == CURRENT for want in wants):
            yield from _current(view, found)

    def spent(
        self, view: View, haves: Sequence[Have], options: Mapping[str, Any]
    ) -> Iterable[Have]:
        """Those that have failed, and with keep_images those that are older than as many others and
        that nothing would be launched from.
        """
        keep = options["keep_images"]
        usable = [have for have in haves if have.settled and have.id != CURRENT]
        usable.sort(key=lambda have: have.facts["created"], reverse=True)
        older = usable[keep:] if keep else []
        used = in_use(view) if older else frozenset()
        return [
            *(have for have in haves if have.failed),
            *(have for have in older if have.facts["id"] not in used),
        ]

    def create(self, aws: Aws, want: Want) -> Have:
        """A name is borne by one image of an account and region only, so none is made twice."""
        spec, made_of = want.spec, want.spec["made_of"]
        common = {
            "Name": spec["name"],
            "TagSpecifications": [
                *specification("image", spec["tags"]),
                *specification("snapshot", spec["tags"]),
            ],
        }
        if "instance" in made_of:
            # The host is shut down for it, so that its disk is whole.
            answer = aws.once("ec2").create_image(InstanceId=made_of["instance"], **common)
        else:
            answer = aws.client("ec2").copy_image(
                SourceImageId=made_of["image"],
                SourceRegion=made_of["region"],
                Encrypted=True,
                KmsKeyId=made_of["key"],
                ClientToken=aws.token(want.address, made_of),
                **common,
            )
        return have_for(want, {"id": answer["ImageId"]}, settled=False, status="pending")

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        retag_ec2(aws, have.facts["id"], changes)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        """With its snapshots, which nobody could use otherwise."""
        aws.client("ec2").deregister_image(ImageId=have.facts["id"], DeleteAssociatedSnapshots=True)


def _have(id: str, item: Mapping[str, Any], tags: Mapping[str, str]) -> Have:
    state = item["State"]
    why = item.get("StateReason", {}).get("Message", "")
    return Have(
        Image.name,
        id,
        {"name": item["Name"], "made_of": UNTOLD, "tags": tags},
        {
            "id": item["ImageId"],
            "release": tags.get(RELEASE, ""),
            "recipe": tags.get(RECIPE, ""),
            "created": str(item.get("CreationDate", "")),
        },
        settled=state == "available",
        status=": ".join(filter(None, (state, why))),
        failed=state in FAILED,
    )


def _current(view: View, found: Sequence[Have]) -> Iterable[Have]:
    """What the hosts of the group run or are about to, by the template that launches them."""
    launched = refreshing.launches
    used = {
        version_of(view, launched(group, refreshing.newest(view, group))).get("ImageId")
        for group in autoscaling.groups(view)
        if view.scope.owns(canon.tags(group["Tags"]), "autoscaling_group")
    }
    usable = [have for have in found if have.settled]
    running = [have for have in found if have.facts["id"] in used]
    newest = sorted(usable, key=lambda have: have.facts["created"])[-1:]
    for have in (running or newest)[:1]:
        yield Have(Image.name, CURRENT, {}, have.facts, have.settled, have.status)
