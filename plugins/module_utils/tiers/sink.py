# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The host of a staging copy that takes every mail of its application and sends none of it on.

Hosts get to it and it gets to nobody. It is told nothing: it has no role, and of the release in its
image nothing runs. What it has taken is read by a builder of the copy alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..declaration.site import Site
from ..engine import graph
from ..engine.model import Ref, Want
from . import security

NAME = "sink"
ADDRESS = f"instance/{NAME}"
# Where it takes mail, and where what it has taken is read by HTTP.
MAIL, LETTERS = 25, 8025
HOST_PARAMETER, PORT_PARAMETER = "mail_host", "mail_port"
PARAMETERS = (HOST_PARAMETER, PORT_PARAMETER)
# Of a builder's rules, which come and go with it.
OF_BUILDER = (
    "builder/out-mail",
    "builder/out-letters",
    "sink/in-builder-mail",
    "sink/in-builder-letters",
)
FOLDER = "/var/lib/phoenix-mail"
SERVERS = {
    "phoenix-mail": (
        "Takes mail, and sends none of it on",
        f"aiosmtpd -n -l 0.0.0.0:{MAIL} -c aiosmtpd.handlers.Mailbox {FOLDER}/taken",
    ),
    "phoenix-letters": (
        "Shows the mail that was taken",
        f"http.server {LETTERS} --directory {FOLDER}/taken/new",
    ),
}
# As Debian has it everywhere, for those who deliver mail on a host.
USER = "mail"


def has(site: Site) -> bool:
    """Whether a site has one: a staging copy, which is closed and visited all the same."""
    return bool(site.visitors)


def ways(site: Site) -> Iterator[Want]:
    """Of tier network: its group, and what leads to it. Nothing leads from it."""
    if has(site):
        yield security.group(site.scope, NAME, security.TIER)
        for id, peer in (("web/out-mail", NAME), ("sink/in-web", "web")):
            yield _rule(site, id, MAIL, peer, security.TIER)


def ways_of_builder(site: Site, group: str, tier: str) -> Iterator[Want]:
    """Of a builder in this group: it sends a mail, and reads what was taken."""
    if has(site):
        ports = (MAIL, LETTERS, MAIL, LETTERS)
        for id, port in zip(OF_BUILDER, ports, strict=True):
            yield _rule(site, id, port, NAME if id.startswith(group) else group, tier)


def _rule(site: Site, id: str, port: int, peer: str, tier: str) -> Want:
    what = "Mail of staging" if port == MAIL else "Mail that was taken"
    return security.rule(site.scope, id, port, peer, what, tier)


def host(
    site: Site, options: Mapping[str, Any], like: Mapping[str, Any], tier: str
) -> Iterator[Want]:
    """like: what hosts of the web tier are launched with. Its server is in the image of a release,
    for nothing could be fetched in a closed site.
    """
    if not has(site) or not options["application"]:
        return
    scope = site.scope
    launch = {
        **like,
        "profile": "",
        "security_groups": (Ref(f"security_group/{NAME}"),),
        "monitoring": False,
        "user_data": user_data(options["application"]),
        "instance_tags": {},
        "volume_tags": scope.marks("volume", NAME),
    }
    # Another release is no reason to lose what was taken.
    said = {k: v for k, v in launch.items() if k != "image" and not any(graph.refs(v))}
    text = json.dumps(said, sort_keys=True)
    yield Want(
        "instance",
        NAME,
        {
            "launch": launch,
            "fallback_types": tuple(options["fallback_instance_types"]),
            "subnets": {f"app-{zone}": Ref(f"subnet/app-{zone}") for zone in site.zones},
            "launched_with": hashlib.sha256(text.encode()).hexdigest(),
            "tags": scope.marks("instance", NAME),
        },
        tier=tier,
    )


def parameters(site: Site, options: Mapping[str, Any]) -> dict[str, str | Ref]:
    """What the application is told of it, as MAIL_HOST and MAIL_PORT; nothing where there is none,
    so that production has parameters of its own of these names.
    """
    if not has(site) or not options["application"]:
        return {}
    return {HOST_PARAMETER: Ref(ADDRESS, "private_ip"), PORT_PARAMETER: str(MAIL)}


def user_data(application: str) -> str:
    """What it is told at its first boot: its two servers, and that the release is not to run."""
    of_release = ("nginx", "phoenix-ready", "phoenix-heartbeat", application)
    names = [f"{name}.service" for name in SERVERS]
    files = [
        {"path": f"/etc/systemd/system/{name}.service", "content": _unit(*server)}
        for name, server in SERVERS.items()
    ]
    told = {
        "write_files": files,
        "runcmd": [
            # One by one, for a release has not all of them.
            *(["systemctl", "disable", "--now", f"{name}.service"] for name in of_release),
            ["systemctl", "daemon-reload"],
            ["systemctl", "enable", "--now", *names],
        ],
    }
    return f"#cloud-config\n{json.dumps(told)}\n"


def _unit(description: str, module: str) -> str:
    """A server that may do nothing but listen, also below port 1024, and write in its folder."""
    return f"""[Unit]
Description={description}

[Service]
ExecStart=/usr/bin/python3 -I -m {module}
User={USER}
Group={USER}
StateDirectory={FOLDER.rpartition("/")[2]}
StateDirectoryMode=0700
UMask=0077
Restart=always
RestartSec=2
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
NoNewPrivileges=yes
PrivateTmp=yes
ProtectHome=yes
ProtectSystem=strict

[Install]
WantedBy=multi-user.target
"""
