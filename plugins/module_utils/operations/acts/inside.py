# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The balancer of a site as its own hosts meet it, where nothing gets out to its public addresses.

A balancer that faces the internet has a private address in each of its subnets as well, of network
interfaces that AWS describes by the end of its ARN.
"""

from __future__ import annotations

from ...aws.view import View
from ...kinds import elbv2
from .stage import Evidence, Stage


def asked(stage: Stage) -> Evidence:
    """{"balancer": address} of a closed site that is visited, else {}: its name is right there."""
    if not stage.site.closed or not stage.site.visitors:
        return {}
    addresses = private(View(stage.here))
    return {"balancer": addresses[0]} if addresses else {}


def private(view: View) -> list[str]:
    """The private addresses of a site's balancer, in order; none where it has no balancer."""
    names = [
        f"ELB {item['LoadBalancerArn'].partition(':loadbalancer/')[2]}"
        for item in elbv2.balancers(view)
    ]
    if not names:
        return []
    filters = [{"Name": "description", "Values": names}]
    found = view.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=filters)
    return sorted(str(item["PrivateIpAddress"]) for item in found)
