# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Finds what an environment has where its declaration does not look: a moved or forgotten site.

Whoever edits a region would build a second site, and the first one would go on costing money with
nobody to see it. Two looks: the list of the account's buckets, one request for all regions, because
each site's buckets are made first and have its region in their name; and the tagging API of every
region, which finds everything, and what was deleted lately besides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass

from ..aws.errors import code
from ..aws.scope import ENVIRONMENT, SITE, Scope
from ..aws.session import Aws
from ..aws.view import View
from ..declaration.regions import REGIONS
from ..declaration.site import Site
from ..engine import canon
from ..engine.errors import EngineError
from . import existing

# What the tagging API goes on listing although it is gone or waits for its end: keys, secrets,
# gateways, copied backups, and hosts with their volumes. None of it stands without a network, which
# is listed no longer than it is there.
LINGERING = (
    ":key/",
    ":secret:",
    ":natgateway/",
    ":instance/",
    ":volume/",
    ":security-group-rule/",
    ":auto-backup:",
)
# And what is kept on purpose.
KEPT = (":snapshot:",)


class StandsElsewhere(EngineError):
    code = "stands_elsewhere"


@dataclass(frozen=True, slots=True)
class Found:
    """A site that stands in a region in which nobody declares it. arns: of what is there."""

    site: str
    region: str
    arns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sweep:
    """A look at every region. unseen: "region: code" where the account may not look."""

    found: tuple[Found, ...]
    unseen: tuple[str, ...]


def by_buckets(view: View, site: Site) -> tuple[Found, ...]:
    """What the account's buckets tell, in one request; their tags decide in case of doubt."""
    scope, places = site.scope, _places(site)
    named = re.compile(
        rf"{re.escape(scope.environment)}-(?P<site>.+)-[a-z]+-{scope.account}-(?P<region>.+)"
    )
    found: dict[tuple[str, str], list[str]] = {}
    listed = view.pages("s3", "list_buckets", "Buckets", Prefix=f"{scope.environment}-")
    for name in sorted(item["Name"] for item in listed):
        match = named.fullmatch(name)
        if not match or match["region"] not in REGIONS:
            continue
        place = match["site"], match["region"]
        if place in places or not _of_environment(view, name, match["region"]):
            continue
        found.setdefault(place, []).append(f"arn:{scope.partition}:s3:::{name}")
    return tuple(Found(*place, tuple(arns)) for place, arns in sorted(found.items()))


def by_tags(aws: Aws, site: Site, pool: Executor) -> Sweep:
    """What the tagging API of every region that is enabled for the account tells, and is there."""
    view, places = View(aws), _places(site)
    regions = sorted(item["RegionName"] for item in _regions(view))
    for region in regions:
        aws.client("resourcegroupstaggingapi", region)

    def look(region: str) -> tuple[list[tuple[str, str]], str]:
        try:
            return list(marked(view, region)), ""
        except Exception as error:
            # A region that an organisation forbids, or that is down, hides nothing in silence.
            return [], f"{region}: {code(error)}"

    found: dict[tuple[str, str], list[str]] = {}
    unseen = []
    for region, (items, failed) in zip(regions, pool.map(look, regions), strict=True):
        unseen += [failed] if failed else []
        for owner, arn in items:
            if (owner, region) not in places:
                found.setdefault((owner, region), []).append(arn)
    there = {place: existing.standing(view, arns, place[1]) for place, arns in found.items()}
    return Sweep(
        tuple(Found(*place, tuple(sorted(arns))) for place, arns in sorted(there.items()) if arns),
        tuple(unseen),
    )


def refuse(found: Iterable[Found], site: Site) -> None:
    """Raises StandsElsewhere if there is anything, with the way on for each site."""
    listed = tuple(found)
    if listed:
        raise StandsElsewhere(
            "; ".join(_told(item, site) for item in listed),
            "\n".join(_way_on(item, site) for item in listed),
        )


def _places(site: Site) -> set[tuple[str, str]]:
    return {(scope.site, scope.region) for scope in _scopes(site)}


def _scopes(site: Site) -> tuple[Scope, ...]:
    return (site.scope, site.peer) if site.peer else (site.scope,)


def _of_environment(view: View, bucket: str, region: str) -> bool:
    """Another environment's name may begin like ours: "shop" and "shop-eu"."""
    owner = {"ExpectedBucketOwner": view.scope.account}
    answer = view.call("s3", "get_bucket_tagging", region, Bucket=bucket, **owner)
    tags = canon.tags(answer["TagSet"]) if answer else {}
    return tags.get(ENVIRONMENT) == view.scope.environment


def _regions(view: View) -> list[dict[str, str]]:
    return view.pages("ec2", "describe_regions", "Regions")


def marked(view: View, region: str) -> Iterator[tuple[str, str]]:
    """(site, ARN) of everything of the environment in a region, what is of no region left out."""
    items = view.pages(
        "resourcegroupstaggingapi",
        "get_resources",
        "ResourceTagMappingList",
        region,
        TagFilters=[{"Key": ENVIRONMENT, "Values": [view.scope.environment]}],
        ResourcesPerPage=100,
    )
    for item in items:
        arn, tags = item["ResourceARN"], canon.tags(item["Tags"])
        _arn, _partition, service, home, *_rest = arn.split(":")
        placed = home or service == "s3"
        if placed and SITE in tags and not any(part in arn for part in (*LINGERING, *KEPT)):
            yield tags[SITE], arn


def _told(item: Found, site: Site) -> str:
    declared = {scope.site: scope.region for scope in _scopes(site)}
    place = f"site {item.site} stands in {item.region}"
    if item.site in declared:
        return f"{place}, not in {declared[item.site]} as declared"
    return f"{place} and is not declared"


def _way_on(item: Found, site: Site) -> str:
    declared = {scope.site: scope.region for scope in _scopes(site)}
    down = f"take it down there (unprotect.yml, then destroy.yml, each with --limit {item.site})"
    if item.site in declared:
        return (
            f"a site does not move by an edit: declare {item.region} for {item.site} again, "
            f"{down}, then declare {declared[item.site]}"
        )
    return f"declare {item.site} in {item.region} again, {down}, then leave it out"
