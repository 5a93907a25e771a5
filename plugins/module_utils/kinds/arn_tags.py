# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tags of objects that other services than EC2 keep, looked up by ARN."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ..aws.scope import ID, pairs
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.model import Change, Want
from .base import tag_edits

# Services that are asked for together: the objects of a site are few enough for one page.
TOGETHER = (
    "acm",
    "cloudwatch",
    "elasticloadbalancing",
    "kms",
    "logs",
    "rds",
    "s3",
    "secretsmanager",
    "sns",
    "ssm",
)
# A service that is one for all regions: the tagging API of this region only knows its objects.
GLOBAL = "route53"
GLOBAL_REGION = "us-east-1"


def tags_of(
    view: View, arn: str, wants: Iterable[Want], exact: Callable[[], Mapping[str, str]]
) -> Mapping[str, str]:
    """The tags of one object, from the shared answer where that is as declared.

    exact: asks its own service. wants: the declared objects of its kind.
    """
    found = tagged(view, arn.split(":")[2]).get(arn)
    return found if found is not None and current(found, wants) else exact()


def current(found: Mapping[str, str], wants: Iterable[Want]) -> bool:
    """Whether an object's tags are those declared; of an undeclared one any are.

    The tagging API hears of a new object and of a changed tag some seconds late, so what differs
    there need not differ.
    """
    mark = found.get(ID)
    declared = next((want for want in wants if f"{want.kind}/{want.id}" == mark), None)
    tags = declared.spec.get("tags", {}) if declared else {}
    return mark is not None and all(found.get(key) == value for key, value in tags.items())


def tagged(view: View, service: str) -> Mapping[str, Mapping[str, str]]:
    """Tags by ARN of a service's objects, and of all others: one request tells a whole site's."""
    services = (*TOGETHER, GLOBAL) if view.scope.region == GLOBAL_REGION else TOGETHER
    return view.tagged(*services) if service in services else {}


def rds_tags(view: View, arn: str, wants: Iterable[Want]) -> Mapping[str, str]:
    """The tags of an RDS object that exists."""

    def exact() -> Mapping[str, str]:
        answer = view.call("rds", "list_tags_for_resource", ResourceName=arn)
        return canon.tags(answer["TagList"] if answer else ())

    return tags_of(view, arn, wants, exact)


def retag_rds(aws: Aws, arn: str, changes: Iterable[Change]) -> None:
    """Sets and removes tags of an RDS object, one call each and only where needed."""
    put, drop = tag_edits(changes)
    if put:
        aws.client("rds").add_tags_to_resource(ResourceName=arn, Tags=pairs(put))
    if drop:
        aws.client("rds").remove_tags_from_resource(ResourceName=arn, TagKeys=drop)
