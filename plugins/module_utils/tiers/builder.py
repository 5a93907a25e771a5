# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The throw-away host on which an image is made and a database configured.

It is reached by ssh from one address only, knows nothing but its own keys, and is gone after some
hours whatever becomes of those who launched it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..declaration.site import Site
from ..engine import graph
from ..engine.model import Ref, Want
from . import endpoints, security, sink

TIER = "image"
GROUP = "builder"
SSH = 22
HOURS = 2  # unless something else is said
# It reaches what it installs, the database, and where there is one the sink of mail. Its rules in
# the groups of these come and go with it.
RULES = (
    "builder/in-ssh",
    "builder/out-https",
    "builder/out-http",
    "builder/out-database",
    "database/in-builder",
    *sink.OF_BUILDER,
)


def wants(site: Site, options: Mapping[str, Any]) -> Iterator[Want]:
    """The host, and the group that lets in the controller."""
    yield security.group(site.scope, GROUP, TIER)
    ways = list(_ways(site, options["controller"]))
    yield from ways
    yield _host(site, options, ways)


def user_data(options: Mapping[str, Any]) -> str:
    """What the host is told at its first boot: its keys, and its end."""
    # A timer waits for the end of the early boot, in which cloud-init runs this and waits for it.
    early = "--timer-property=DefaultDependencies=no"
    end = [
        "systemd-run",
        early,
        f"--on-active={options['builder_hours']}h",
        "systemctl",
        "poweroff",
    ]
    told = {
        "bootcmd": [end],
        "ssh_authorized_keys": [options["login_public_key"]],
        "ssh_keys": {
            "ed25519_private": options["host_key"],
            "ed25519_public": options["host_public_key"],
        },
    }
    return f"#cloud-config\n{json.dumps(told)}\n"


def _ways(site: Site, controller: str) -> Iterator[Want]:
    database = site.database_port
    for id, port, peer, description in (
        ("builder/in-ssh", SSH, controller, "The controller"),
        ("builder/out-https", security.HTTPS, site.reach, "AWS API and packages"),
        ("builder/out-http", security.HTTP, site.reach, "Packages"),
        ("builder/out-database", database, "database", "Configuration of the database"),
        ("database/in-builder", database, GROUP, "Configuration of the database"),
    ):
        yield security.rule(site.scope, id, port, peer, description, TIER)
    yield from sink.ways_of_builder(site, GROUP, TIER)


def _host(site: Site, options: Mapping[str, Any], ways: Iterable[Want]) -> Want:
    scope = site.scope
    launch = {
        "image": options["image_id"] or f"resolve:ssm:{options['image_parameter']}",
        "instance_type": options["instance_type"],
        "profile": Ref(f"instance_profile/{GROUP}", "arn"),
        "root_device": options["root_device"],
        "root_volume_gb": options["root_gb"],
        "key": Ref("kms_key/main", "arn"),
        "public_address": True,
        "security_groups": (Ref(f"security_group/{GROUP}"),),
        "metadata": {"tokens": "required", "hops": 1, "tags": "disabled"},
        "monitoring": False,
        "user_data": user_data(options),
        "instance_tags": {},
        "volume_tags": scope.marks("volume", GROUP),
        "others": (),
    }
    said = {key: value for key, value in launch.items() if not any(graph.refs(value))}
    text = json.dumps(said, sort_keys=True)
    return Want(
        "instance",
        GROUP,
        {
            "launch": launch,
            "fallback_types": tuple(options["fallback_instance_types"]),
            # It stands in the first that can launch it: a zone may be lost, or lack the type.
            "subnets": {f"public-{zone}": Ref(f"subnet/public-{zone}") for zone in site.zones},
            "launched_with": hashlib.sha256(text.encode()).hexdigest(),
            "tags": scope.marks("instance", GROUP),
        },
        # Without the way to the internet and the rules it would come up and get nowhere.
        after=(
            Ref("route/public"),
            *(Ref(way.address) for way in ways),
            *endpoints.ready(site),
        ),
        tier=TIER,
    )
