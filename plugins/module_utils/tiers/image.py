# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The image of a release: made of a builder at the home site, copied to the recovery site.

No part of a site as it stands: what is declared here is there while an image is made.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..aws.scope import RECIPE, RELEASE
from ..declaration.fields import Field, Problem
from ..declaration.regions import REGIONS
from ..declaration.site import Site
from ..engine.model import Ref, Want
from ..kinds.base import Kind
from ..kinds.image import Image
from ..kinds.instance import Instance
from ..kinds.security_group import SecurityGroup
from ..kinds.security_group_rule import SecurityGroupRule
from . import builder, web_fields

TIER = "image"
KINDS: tuple[Kind, ...] = (
    SecurityGroup(builder.GROUP),
    SecurityGroupRule(*builder.RULES),
    Instance(builder.GROUP),
    Image(),
)
AMI = re.compile(r"ami-[0-9a-f]{8,17}")
KEY = re.compile(r"ssh-ed25519 [A-Za-z0-9+/=]+( .*)?")
SAME = (
    "instance_type",
    "fallback_instance_types",
    "image_parameter",
    "image_id",
    "application",
    "root_device",
    "root_gb",
)
KEEP = "keep_images"


def _network(text: str) -> bool:
    try:
        return ipaddress.ip_network(text).version == 4
    except ValueError:
        return False


FIELDS: tuple[Field, ...] = (
    *(field for field in web_fields.FIELDS if field.name in SAME),
    # A task that has something else to do removes none.
    *(replace(f, default=0) for f in web_fields.FIELDS if f.name == KEEP),
    Field(
        "release",
        "str",
        "up to 40 letters, digits and the signs . _ -",
        "1.4.0",
        "",
        lambda v: not v or bool(re.fullmatch(r"[A-Za-z0-9][\w.-]{0,39}", v, re.ASCII)),
    ),
    Field(
        "recipe",
        "str",
        "a digest of 8 to 64 hexadecimal digits",
        "0a1b2c3d",
        "",
        lambda v: not v or bool(re.fullmatch(r"[0-9a-f]{8,64}", v)),
    ),
    Field("builder", "bool", "true or false", False, False),
    Field(
        "builder_hours",
        "int",
        "1 to 48 hours",
        12,
        builder.HOURS,
        lambda v: 1 <= v <= 48,
    ),
    Field(
        "controller",
        "str",
        "the network from which the builder is reached",
        "198.51.100.7/32",
        "",
        lambda v: not v or _network(v),
    ),
    Field(
        "login_public_key",
        "str",
        "a public key of type ssh-ed25519",
        "ssh-ed25519 AAAAC3Nz...",
        "",
        lambda v: not v or bool(KEY.fullmatch(v.strip())),
    ),
    Field("host_key", "str", "a private key of type ed25519", "{{ generated }}", "", secret=True),
    Field(
        "host_public_key",
        "str",
        "the public key of host_key",
        "ssh-ed25519 AAAAC3Nz...",
        "",
        lambda v: not v or bool(KEY.fullmatch(v.strip())),
    ),
    Field(
        "source_image",
        "str",
        "the id of an image in another region",
        "ami-0123456789abcdef0",
        "",
        lambda v: not v or bool(AMI.fullmatch(v)),
    ),
    Field(
        "source_region",
        "str",
        "the region of source_image",
        "us-east-1",
        "",
        lambda v: not v or v in REGIONS,
    ),
)
# What is needed together.
BUILDER = ("controller", "login_public_key", "host_key", "host_public_key")
SOURCE = ("source_image", "source_region")


def works(options: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether later tasks of a run work on a builder. options: by tier."""
    return bool(options.get(TIER, {}).get("builder"))


def check(site: Site, options: Mapping[str, Any]) -> Iterator[Problem]:
    """Rules between the fields."""
    examples = {field.name: field.example for field in FIELDS}
    if options["builder"]:
        yield from _needed(options, BUILDER, "where builder is true", examples)
    if options["release"]:
        yield from _needed(options, ("application", "recipe"), "with release", examples)
        if not options["builder"]:
            yield from _needed(options, SOURCE, "where there is no builder", examples)


def _needed(
    options: Mapping[str, Any], names: tuple[str, ...], when: str, examples: Mapping[str, Any]
) -> Iterator[Problem]:
    for name in names:
        if not options[name]:
            yield Problem(name, None, f"is required {when}", examples[name])


def wants(site: Site, options: Mapping[str, Any]) -> tuple[Want, ...]:
    """The builder while it is wanted, and the image of the release."""
    found: list[Want] = []
    if options["builder"]:
        found += builder.wants(site, options)
    if options["release"]:
        found.append(_image(site, options))
    return tuple(found)


def _image(site: Site, options: Mapping[str, Any]) -> Want:
    scope, release, recipe = site.scope, options["release"], options["recipe"]
    id = f"{release}-{recipe[:8]}"
    name = scope.name(options["application"], id)
    made_of: dict[str, Any]
    if options["source_image"]:
        made_of = {
            "image": options["source_image"],
            "region": options["source_region"],
            "key": Ref("kms_key/main", "arn"),
        }
    else:
        made_of = {"instance": Ref(f"instance/{builder.GROUP}", ready=True)}
    tags = {**scope.marks("image", id, name), RELEASE: release, RECIPE: recipe}
    return Want("image", id, {"name": name, "made_of": made_of, "tags": tags}, tier=TIER)
