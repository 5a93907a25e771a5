# SPDX-License-Identifier: GPL-3.0-or-later
"""What names answer: to DNS queries, and to TestDNSAnswer."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.elbv2.models import FakeLoadBalancer
from moto.rds.models import DBInstance
from moto.route53 import urls
from moto.route53.exceptions import InvalidInput
from moto.route53.models import FakeZone
from moto.route53.responses import Route53

from sandbox.names.records import canonical, within
from sandbox.shims import Hook
from sandbox.shims._account_names import AccountNames
from sandbox.world import World
from sandbox.wrap import add

MENDED = (
    "Hosted zones answer DNS queries, by routing policy and health, private ones in their VPCs.",
    "The names of load balancers and database instances answer too.",
    "TestDNSAnswer tells what a public zone's name servers answer.",
)
HOOKS: tuple[Hook, ...] = (
    (FakeZone, "__init__", ("name", "id_", "private_zone")),
    (FakeLoadBalancer, "__init__", ()),
    (DBInstance, "address", ()),
    (Route53, "dispatch", ()),
)
_PATH = r"{0}/(?P<api_version>[\d_-]+)/testdnsanswer$"


def install(world: World) -> None:
    """Have the world's names answer for the emulator's zones."""
    world.names.serve_account(AccountNames(world))
    urls.url_paths[_PATH] = Route53.dispatch

    @add(Route53, "test_dns_answer")
    def test_dns_answer(self: Any) -> ActionResult:
        zone = self.backend.get_hosted_zone(self._get_param("HostedZoneId"))
        if zone.private_zone:
            raise InvalidInput("TestDNSAnswer only supports querying public hosted zones.")
        name, kind = self._get_param("RecordName"), self._get_param("RecordType")
        if not within(canonical(name), canonical(zone.name)):
            raise InvalidInput(f"The record {name} is not in the hosted zone {zone.name}")
        found = world.names.lookup.answer_of(zone.resource_id, name, kind)
        told = [value for one in found.answers for value in one.values]
        return ActionResult(
            {
                "Nameserver": zone.delegation_set.name_servers[0],
                "RecordName": name,
                "RecordType": kind,
                "RecordData": told,
                "ResponseCode": found.code,
                "Protocol": "UDP",
            }
        )
