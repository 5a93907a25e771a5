# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an operation has to know of both sites, kept where it may have to do without one of them.

`manifest/<site>.json` in the bucket of backups of each site: the identifiers of everything, as the
last run found them. It is no state: what is there is asked of AWS wherever that answers. S3 copies
the other site's into the same bucket, whenever it comes to it, so each has a name of its own.
Beside it is what a person does by hand, an object for each operation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..aws.errors import Meaning, meaning
from ..aws.session import Aws
from ..aws.view import View
from ..converge.catalog import KINDS, tier_of
from ..converge.intake import Params, declared, refusal
from ..converge.run import learn_secrets, refusals, require_sdk
from ..converge.site import Converger
from ..declaration.fields import REQUIRED, Field, read
from ..declaration.site import Site
from ..engine.model import Want
from ..kinds.bucket_content import DERIVED
from ..kinds.image import CURRENT
from . import runbook
from .errors import Unreadable
from .journal import bucket, now

SCHEMA = 1
# Facts that stay as long as an object does. Others are asked for where they are needed.
STABLE = frozenset(
    {"arn", "dns_name", "domain", "endpoint", "id", "name", "port", "region", "suffix", "zone_id"}
    | {"resource_id", "version"}
)
FIELDS = (
    Field(
        "knowledge",
        "dict",
        "the `known` of each site's last result, by site",
        {"home": {"vpc/main": {"id": "vpc-0a1b2c3d"}}},
        REQUIRED,
    ),
    Field("values", "dict", "texts for the runbooks, by name", {"domain": "www.example.org"}, {}),
)
IMAGE = Want("image", CURRENT, {}, given=True)
Manifest = Mapping[str, Any]


def write(params: Params, *, dry: bool) -> dict[str, Any]:
    """Keeps the manifest at the task's site, and answers whether it had to be written.

    A site of which nothing is handed over keeps what is known of it. Raises Refusal.
    """
    learn_secrets(params)
    task = declared(params, ())
    options, problems = read(FIELDS, params, only=False)
    if problems:
        raise refusal(problems)
    require_sdk()
    with refusals(task), Converger(task) as converger:
        site, aws = converger.task.site, converger.account
        before = _before(aws, site, options["knowledge"])
        scopes = [scope for scope in (site.scope, site.peer) if scope]
        sites = {
            scope.site: {
                "region": scope.region,
                "account": scope.account,
                "known": _stable(options["knowledge"].get(scope.site) or {})
                or known(before, scope.site),
            }
            for scope in scopes
        }
        wanted = {"schema": SCHEMA, "environment": site.scope.environment, "sites": sites}
        wanted["active"] = site.active_site
        # As it will be read: there a sequence is a list.
        wanted = json.loads(json.dumps(wanted))
        told = {name: str(value) for name, value in options["values"].items()}
        runbooks = runbook.of_environment(site, told)
        result = {"key": key(aws), "runbooks": runbooks}
        if {**before, "written": ""} == {**wanted, "written": ""}:
            return {"changed": False, **result}
        if not dry:
            aws.verify_account()
            written = {**wanted, "written": now().isoformat(timespec="seconds")}
            aws.client("s3").put_object(
                Bucket=bucket(aws),
                Key=key(aws),
                Body=json.dumps(written, sort_keys=True).encode(),
                ContentType="application/json",
            )
            for name, text in runbooks.items():
                aws.client("s3").put_object(
                    Bucket=bucket(aws),
                    Key=f"{DERIVED}{aws.scope.site}-{name}",
                    Body=text.encode(),
                    ContentType="text/markdown; charset=utf-8",
                )
        return {"changed": True, **result}


def _stable(found: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Objects of the site itself that are there, each with what stays of its facts."""
    return {
        name: {key: value for key, value in facts.items() if key in STABLE}
        for name, facts in sorted(found.items())
        if facts and ":" not in name
    }


def key(aws: Aws) -> str:
    return f"{DERIVED}{aws.scope.site}.json"


def _before(aws: Aws, site: Site, knowledge: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept already. One that is none is written over where nothing of it is needed."""
    try:
        return load(aws)
    except Unreadable:
        if all(knowledge.get(scope.site) for scope in (site.scope, site.peer) if scope):
            return {}
        raise


def load(aws: Aws) -> dict[str, Any]:
    """The manifest as the site has it, {} where it has none. Raises Unreadable."""
    try:
        body = aws.client("s3").get_object(Bucket=bucket(aws), Key=key(aws))["Body"].read()
    except Exception as error:
        if meaning(error) is Meaning.ABSENT:
            return {}
        raise
    try:
        found: dict[str, Any] = json.loads(body)
        if found["schema"] == SCHEMA:
            return found
    except (ValueError, KeyError, TypeError):
        pass
    raise Unreadable(
        f"{key(aws)} in {bucket(aws)} is no manifest of this version",
        "run playbook site for both sites, which writes it anew. While a region is lost: the "
        f"bucket keeps what it was, aws s3api list-object-versions --region {aws.scope.region} "
        f"--bucket {bucket(aws)} --prefix {key(aws)} tells the version to put back by copy-object",
    )


def known(manifest: Manifest, site: str, but: str = "") -> dict[str, dict[str, Any]]:
    """What the manifest tells of a site's objects, by address.

    but: a tier whose own objects are left out, for a task that looks at them itself.
    """
    found = manifest.get("sites", {}).get(site, {}).get("known", {})
    return {name: dict(facts) for name, facts in found.items() if not but or tier_of(name) != but}


def known_now(manifest: Manifest, aws: Aws) -> dict[str, dict[str, Any]]:
    """The same of the site that is asked, with the image that its hosts are launched from as its
    region has it: releases come and go, and one that the manifest names may be gone.
    """
    found = known(manifest, aws.scope.site)
    found.pop(IMAGE.address, None)
    for have in KINDS[IMAGE.kind].find(View(aws), [IMAGE]):
        if have.address == IMAGE.address:
            found[have.address] = dict(have.facts)
    return found


def launched(aws: Aws) -> dict[str, str]:
    """The id and the release of the image from which hosts of the site are launched, as its region
    has it, and the id that the manifest has of it (named); "" where there is none.
    """
    told = load(aws)
    now, named = (
        found.get(IMAGE.address, {})
        for found in (known_now(told, aws), known(told, aws.scope.site))
    )
    return {
        "id": str(now.get("id", "")),
        "release": str(now.get("release", "")),
        "named": str(named.get("id", "")),
    }
