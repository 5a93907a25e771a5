# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances of the emulator as hosts that are to be launched, and what they know of themselves."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

from moto.sts.models import sts_backends

from sandbox.hosts.metadata import Facts, Leaf, Tree
from sandbox.hosts.orders import Machine
from sandbox.shims._images import made_of_host
from sandbox.shims._network_picture import backends
from sandbox.world import World

_SESSION = 6 * 3600  # seconds that the credentials of a role last
_RENEWED = timedelta(minutes=20)


def machine(instance: Any) -> Machine:
    """The host of an instance as it is to be launched."""
    return Machine(
        id=instance.id,
        region=instance.ec2_backend.region_name,
        zone=instance.availability_zone,
        vpc_id=instance.vpc_id,
        address=instance.private_ip,
        image=instance.image_id,
        host_name=instance.private_dns_name.partition(".")[0],
        name=tags(instance).get("Name", ""),
        own=made_of_host(instance.ec2_backend, instance.image_id),
    )


def tags(instance: Any) -> dict[str, str]:
    found: dict[str, str] = instance.ec2_backend.tags.get(instance.id) or {}
    return dict(found)


def find(instance_id: str, region: str = "") -> Any:
    """An instance of any account, that is not terminated. Raises ValueError."""
    for ec2 in backends():
        if region in ("", ec2.region_name):
            instance = ec2.get_instance_by_id(instance_id)
            if instance is not None and instance.state != "terminated":
                return instance
    raise ValueError(f"there is no instance {instance_id}{f' in {region}' if region else ''}")


def facts(world: World, vpc_id: str, address: str) -> Facts | None:
    """What the instance with an address in a VPC may know of itself. Takes the world's lock."""
    with world.lock:
        for ec2 in backends():
            if vpc_id not in ec2.vpcs:
                continue
            for card in ec2.enis.values():
                alive = card.instance and card.instance.state != "terminated"
                if alive and card.vpc_id == vpc_id and card.private_ip_address == address:
                    return _facts(world, card.instance)
    return None


def _facts(world: World, instance: Any) -> Facts:
    options = instance.metadata_options
    tree: dict[str, Leaf | Tree] = {
        "meta-data": _metadata(world, instance),
        "dynamic": {"instance-identity": {"document": _document(instance)}},
    }
    data = instance.user_data
    if data:
        tree["user-data"] = _plain(data)
    return Facts(
        instance.id,
        tree,
        enabled=options.http_endpoint != "disabled",
        tokens_required=options.http_tokens == "required",
    )


def _plain(data: Any) -> bytes:
    """User data as the instance sees it. The emulator keeps it in base64."""
    return base64.b64decode(data if isinstance(data, bytes) else str(data))


def _metadata(world: World, instance: Any) -> Tree:
    card = instance.nics[0]
    groups = [
        group.group_name if hasattr(group, "group_name") else group.name for group in card.group_set
    ]
    region = instance.ec2_backend.region_name
    found: dict[str, Leaf | Tree] = {
        "ami-id": instance.image_id,
        "ami-launch-index": str(instance.ami_launch_index),
        "hostname": instance.private_dns_name,
        "instance-id": instance.id,
        "instance-life-cycle": instance.lifecycle or "on-demand",
        "instance-type": instance.instance_type,
        "local-hostname": instance.private_dns_name,
        "local-ipv4": instance.private_ip,
        "mac": card.mac_address,
        "network": {"interfaces": {"macs": {card.mac_address: _card(card)}}},
        "placement": {"availability-zone": instance.availability_zone, "region": region},
        "security-groups": "\n".join(sorted(groups)),
        "services": {"domain": "amazonaws.com", "partition": "aws"},
    }
    if instance.public_ip:
        found |= {"public-ipv4": instance.public_ip, "public-hostname": instance.public_dns_name}
    if key := _key(instance):
        found["public-keys"] = {"0": {"openssh-key": key}}
    if role := _role(instance):
        found["iam"] = {
            "info": json.dumps({"Code": "Success", "InstanceProfileArn": role[1]}),
            "security-credentials": {role[0].name: _credentials(world, instance, role[0])},
        }
    if instance.metadata_options.instance_metadata_tags == "enabled":
        found["tags"] = {"instance": tags(instance)}
    return found


def _card(card: Any) -> Tree:
    found: dict[str, Leaf | Tree] = {
        "interface-id": card.id,
        "local-ipv4s": card.private_ip_address,
        "mac": card.mac_address,
        "security-group-ids": "\n".join(sorted(group.id for group in card.group_set)),
        "subnet-id": card.subnet.id,
        "subnet-ipv4-cidr-block": str(card.subnet.cidr_block),
        "vpc-id": card.vpc_id,
    }
    if card.public_ip:
        found["public-ipv4s"] = card.public_ip
    return found


def _key(instance: Any) -> str:
    pair = instance.ec2_backend.key_pairs.get(instance.key_name) if instance.key_name else None
    return str(pair.material_public.decode()) if pair else ""


def _role(instance: Any) -> tuple[Any, str] | None:
    """The role of an instance and the ARN of its profile."""
    association = instance.ec2_backend.iam_instance_profile_associations.get(instance.id)
    profile = association.iam_instance_profile if association else None
    return (profile.roles[0], profile.arn) if profile and profile.roles else None


def _credentials(world: World, instance: Any, role: Any) -> str:
    session = instance.__dict__.get("role_session")
    if session is None or session.role_arn != role.arn or _ends_soon(world, session):
        account, region = instance.ec2_backend.account_id, instance.ec2_backend.region_name
        session = sts_backends[account]["aws"].assume_role(
            region_name=region,
            role_session_name=instance.id,
            role_arn=role.arn,
            policy="",
            duration=_SESSION,
            external_id="",
        )
        instance.role_session = session
        instance.role_session_given = world.now()
    given = instance.role_session_given
    return json.dumps(
        {
            "Code": "Success",
            "LastUpdated": f"{given:%Y-%m-%dT%H:%M:%SZ}",
            "Type": "AWS-HMAC",
            "AccessKeyId": session.access_key_id,
            "SecretAccessKey": session.secret_access_key,
            "Token": session.session_token,
            "Expiration": f"{given + timedelta(seconds=_SESSION):%Y-%m-%dT%H:%M:%SZ}",
        },
        indent=2,
    )


def _ends_soon(world: World, session: Any) -> bool:
    end = session.expiration.replace(tzinfo=world.now().tzinfo)
    return bool(end - world.now() < _RENEWED)


def _document(instance: Any) -> str:
    return json.dumps(
        {
            "accountId": instance.ec2_backend.account_id,
            "architecture": instance.architecture,
            "availabilityZone": instance.availability_zone,
            "imageId": instance.image_id,
            "instanceId": instance.id,
            "instanceType": instance.instance_type,
            "privateIp": instance.private_ip,
            "region": instance.ec2_backend.region_name,
            "version": "2017-09-30",
        },
        indent=2,
    )
