# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The hosts of a site: what they are launched with, how many there are, and what they may do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..aws.scope import CONFIGURATION, ID, LOGIN
from ..declaration.fields import Problem
from ..declaration.site import Site
from ..engine.model import Join, Ref, Want
from ..kinds.autoscaling_group import AutoscalingGroup
from ..kinds.base import Kind
from ..kinds.iam_role import IamRole
from ..kinds.image import CURRENT
from ..kinds.instance import Instance
from ..kinds.instance_profile import InstanceProfile
from ..kinds.launch_template import LaunchTemplate
from ..kinds.login import Login
from ..kinds.scaling_policy import ScalingPolicy
from ..kinds.scaling_processes import ScalingProcesses
from ..kinds.serving import Serving
from ..kinds.ssm_parameter import SsmParameter
from ..kinds.target_group import name_of
from . import endpoints, sink, web_fields, web_role
from .alarms import HOST_ERRORS
from .configuration import NEEDED, configuration
from .database_access import NONE, PARAMETER
from .login import APPLICATION, home_of
from .standing import has_database, has_hosts, has_way_out, may_write, standing_by

TIER = "web_tier"
FIELDS = web_fields.FIELDS
KINDS: tuple[Kind, ...] = (
    IamRole("web", "builder"),
    InstanceProfile(),
    Login(),
    LaunchTemplate(),
    Instance(sink.NAME),
    AutoscalingGroup(),
    ScalingPolicy(),
    ScalingProcesses(),
    SsmParameter(),
    Serving(),
)
GRACE = 300
WARMUP = 120
METRICS = (
    "GroupDesiredCapacity",
    "GroupInServiceInstances",
    "GroupMaxSize",
    "GroupMinSize",
    "GroupPendingInstances",
    "GroupStandbyInstances",
    "GroupTerminatingInstances",
    "GroupTotalInstances",
)
DATABASE = "db_instance/main"
HOSTS = "web"
LOGIN_READ = f"login/{APPLICATION}"


def check(site: Site, options: Mapping[str, Any]) -> Iterator[Problem]:
    """Rules between the fields."""
    yield from web_fields.check(site, options)


def check_copies(
    site: Site, storage: Mapping[str, Any], options: Mapping[str, Any]
) -> Iterator[Problem]:
    """Hosts of the recovery site find the login that they read at their start."""
    if not site.is_active and _reads_login(site, options) and not storage["replicate"]:
        rule = "must be true where hosts of an application, or a warm standby, are declared: "
        yield Problem(
            "replicate", False, f"{rule}those of the recovery site read a copy of its secret", True
        )


def wants(site: Site, options: Mapping[str, Any]) -> tuple[Want, ...]:
    """Everything the web tier declares for this site."""
    scope = site.scope
    launch, mail = _launch(site, options), sink.parameters(site, options)
    told = (*_read(options), *_heartbeat(site, options), *mail)
    return (
        *_identity(site),
        *_image(options),
        *_login(site, options),
        Want(
            "launch_template",
            "web",
            {"launch": launch, "tags": scope.marks("launch_template", "web")},
            # What hosts are to read is there before they are launched for it.
            after=(
                *((Ref(LOGIN_READ, ready=True),) if _reads_login(site, options) else ()),
                *(Ref(f"ssm_parameter/{name}") for name in told),
            ),
            tier=TIER,
        ),
        *sink.host(site, options, launch, TIER),
        _group(site, options, launch),
        *_scaling(site, options),
        *_parameters(site, options),
        *_serving(site, options),
    )


def _least(site: Site, options: Mapping[str, Any]) -> int:
    return int(options["min_size"]) if site.is_active else standing_by(site)


def _most(site: Site, options: Mapping[str, Any]) -> int:
    """None beside an old primary: what runs there goes, and with it the connections that it has."""
    return int(options["max_size"]) if site.is_active or site.protected else 0


def _identity(site: Site) -> Iterator[Want]:
    scope, home = site.scope, home_of(site)
    permissions = {
        "builder": web_role.builder_permissions(scope, home),
        "web": web_role.permissions(scope, home),
    }
    for id, document in permissions.items():
        yield Want(
            "iam_role",
            id,
            {
                "name": scope.name(id),
                "trust": web_role.trust(),
                "policies": {id: document},
                "attached": (),
                "tags": scope.marks("iam_role", id),
            },
            tier=TIER,
        )
        spec = {"role": Ref(f"iam_role/{id}", "name"), "tags": scope.marks("instance_profile", id)}
        yield Want("instance_profile", id, spec, tier=TIER)


def _image(options: Mapping[str, Any]) -> Iterator[Want]:
    """That of the release which runs or is to; it is made before the hosts are, by role image."""
    if options["application"] and not web_fields.is_image_id(options["release_image"]):
        yield Want("image", options["release_image"] or CURRENT, {}, tier=TIER, given=True)


def _reads_login(site: Site, options: Mapping[str, Any]) -> bool:
    """Whether hosts that read it start here. The recovery site may have no copy of its secret."""
    return has_hosts(site) or bool(options["application"])


def _login(site: Site, options: Mapping[str, Any]) -> Iterator[Want]:
    """What hosts read of it at their start, and after a rotation that all have read it anew."""
    if not _reads_login(site, options):
        return
    common = {
        "name": home_of(site).secret(APPLICATION),
        "version": options["login_version"],
        "hosts": HOSTS,
    }
    made = (Ref(f"secret/{APPLICATION}"),) if site.is_active else ()
    spec = {**common, "taken": False}
    yield Want("login", APPLICATION, spec, after=made, tier=TIER, given=True)
    if options["login_version"]:
        replaced = (Ref("autoscaling_group/web", ready=True),)
        spec = {**common, "taken": True}
        yield Want("login", "taken", spec, after=replaced, tier=TIER, given=True)


def _version(site: Site, options: Mapping[str, Any]) -> dict[str, Any]:
    """The tag that says which version of the login a host has read."""
    if not _reads_login(site, options):
        return {}
    return {LOGIN: options["login_version"] or Ref(LOGIN_READ, "version")}


def _read(options: Mapping[str, Any]) -> dict[str, str]:
    """The parameters that hosts of an application read at their start. Others may read any time."""
    return dict(options["parameters"]) if options["application"] else {}


def _configured(options: Mapping[str, Any]) -> dict[str, str]:
    """The tag that says which parameters a host has read, so that a change replaces hosts."""
    read = _read(options)
    text = json.dumps(read, sort_keys=True)
    return {CONFIGURATION: hashlib.sha256(text.encode()).hexdigest()[:16]} if read else {}


def _launch(site: Site, options: Mapping[str, Any]) -> dict[str, Any]:
    scope = site.scope
    image: str | Ref = options["image_id"] or f"resolve:ssm:{options['image_parameter']}"
    user_data = options["user_data"]
    if options["application"]:
        release, user_data = options["release_image"] or CURRENT, configuration(scope, NEEDED)
        image = release if web_fields.is_image_id(release) else Ref(f"image/{release}")
    return {
        "image": image,
        "instance_type": options["instance_type"],
        "profile": Ref("instance_profile/web", "arn"),
        "root_device": options["root_device"],
        "root_volume_gb": options["root_gb"],
        "key": Ref("kms_key/main", "arn"),
        "public_address": False,
        "security_groups": (Ref("security_group/web"),),
        # Tags may have characters that the metadata service refuses, and then no host starts.
        "metadata": {"tokens": "required", "hops": 1, "tags": "disabled"},
        "monitoring": True,
        "user_data": user_data,
        # Who has read something else makes way for who reads this.
        "instance_tags": {
            **scope.marks("instance", HOSTS),
            **_version(site, options),
            **_configured(options),
        },
        "volume_tags": scope.marks("volume", "web"),
        "others": (),
    }


def _group(site: Site, options: Mapping[str, Any], launch: Mapping[str, Any]) -> Want:
    scope, letters = site.scope, site.zones
    tags = scope.marks("autoscaling_group", "web")
    way_out = letters if has_way_out(site) else ()
    return Want(
        "autoscaling_group",
        "web",
        {
            "template": Ref("launch_template/web"),
            "template_version": Ref("launch_template/web", "version"),
            "launch": launch,
            "fallback_types": tuple(options["fallback_instance_types"]),
            "min_size": _least(site, options),
            "max_size": _most(site, options),
            "subnets": {f"app-{letter}": Ref(f"subnet/app-{letter}") for letter in letters},
            "target_groups": (Ref("target_group/web", "arn"),),
            "targets": name_of(scope, "web", site.application_port, site.application_protocol),
            "health_check": "ELB",
            "grace": GRACE,
            "warmup": WARMUP,
            "metrics": METRICS,
            "watched": (scope.name(HOST_ERRORS),),
            "tags": tags,
            # A host has an id of its own, from the launch template.
            "propagate": {key: key != ID for key in tags},
        },
        after=(
            *(Ref(f"route/app-{letter}", ready=True) for letter in way_out),
            *endpoints.ready(site),
        ),
        tier=TIER,
    )


def _scaling(site: Site, options: Mapping[str, Any]) -> Iterator[Want]:
    group = Ref("autoscaling_group/web", "name")
    common = {"group": group, "scale_in": True, "enabled": True}
    cpu = {
        "metric": "ASGAverageCPUUtilization",
        "label": "",
        "target": float(options["cpu_target"]),
    }
    yield Want("scaling_policy", "cpu", {**common, **cpu}, tier=TIER)
    if options["requests_target"]:
        balancer, targets = Ref("load_balancer/main", "suffix"), Ref("target_group/web", "suffix")
        requests = {
            "metric": "ALBRequestCountPerTarget",
            "label": Join((balancer, "/", targets)),
            "target": float(options["requests_target"]),
        }
        # AWS refuses it before the balancer sends anything to the target group.
        after = (Ref("listener/https", ready=True),)
        yield Want("scaling_policy", "requests", {**common, **requests}, after=after, tier=TIER)
    served = (Ref(DATABASE, ready=True),) if has_database(site) else ()
    spec = {"group": group, "suspended": ()}
    yield Want("scaling_processes", "web", spec, after=served, tier=TIER)


def _parameters(site: Site, options: Mapping[str, Any]) -> Iterator[Want]:
    values: dict[str, Any] = {
        "application_port": str(site.application_port),
        "application_secret": home_of(site).secret(APPLICATION),
        # Of a copy of the database more cannot be asked, and hosts are ready to read from it.
        "database_access": "write" if may_write(site) else "read",
        "database_name": site.database_name,
        "domain": Ref("certificate/main", "domain"),
        "releases_bucket": site.scope.bucket("releases"),
        **options["parameters"],
    }
    values |= _heartbeat(site, options) | sink.parameters(site, options)
    if has_database(site):
        values["database_endpoint"] = Ref(DATABASE, "endpoint", ready=True)
        # The declared port, not the one that is there: it is told once the database listens there.
        values["database_port"] = str(site.database_port)
    for id, value in sorted(values.items()):
        tags = site.scope.marks("ssm_parameter", id)
        spec = {"value": value, "type": "String", "tags": tags}
        after = (Ref(DATABASE, ready=True),) if id == "database_port" else ()
        yield Want("ssm_parameter", id, spec, after=after, tier=TIER)
    if site.is_active:
        # Who sets the database up writes what it is by then.
        tags = site.scope.marks("ssm_parameter", PARAMETER)
        spec = {"initial": NONE, "type": "String", "tags": tags}
        yield Want("ssm_parameter", PARAMETER, spec, tier=TIER)


def _heartbeat(site: Site, options: Mapping[str, Any]) -> dict[str, str]:
    """Whom hosts that write tell how far the copies of their database have come, if anybody."""
    beats = options["application"] and site.is_active and site.protected
    return {"heartbeat_region": site.peer.region} if beats and site.peer else {}


def _serving(site: Site, options: Mapping[str, Any]) -> Iterator[Want]:
    """Production serves once everything between a name and an answer is in place."""
    if site.is_active:
        after = (
            Ref(DATABASE, ready=True),
            Ref("listener/https", ready=True),
            *(() if site.closed else (Ref("dns_record/site", ready=True),)),
            Ref("autoscaling_group/web", ready=True),
        )
        minimum = {"minimum": options["min_size"]}
        yield Want("serving", "main", minimum, after=after, tier=TIER, given=True)
