#!/usr/bin/python
# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module network: keep the VPC of a site, its ways in and out and its firewalls as declared."""

from __future__ import annotations

DOCUMENTATION = r"""
module: network
short_description: Keep the VPC of a site, its ways in and out and its firewalls as declared
version_added: 0.1.0
description:
  - Makes a VPC with public, application and database subnets in every zone of the site, an internet
    gateway, NAT gateways with their addresses, and the routes to them. The database subnets have no
    way out.
  - How hosts in the application subnets reach the internet is said by C(nat) of the site in
    O(sites). With V(per_zone) each zone has a NAT gateway, so the loss of a zone cuts off no other
    one. With V(one) all use that of the first zone, which costs less. With V(none) they have no
    default route, nor have they at a site that stands by with C(strategy) V(backup_restore), before
    it serves.
  - A site that is C(closed) has interface endpoints for what its hosts call, a group that lets the
    site in to them, and no rule that names another network than its own.
  - Makes security groups for balancer, web and database that name one another, with every rule an
    object of its own. A rule is changed in place. The default security group is kept empty.
  - Rules, routes and subnets that somebody else put there are named in RV(foreign) and left alone.
notes:
  - Flow logs need the bucket of M(operatingdev.phoenix.storage), which is run before.
  - The order is storage, network, database, traffic, web_tier. Where an object of an earlier one is
    missing, a task that waits fails before it writes anything and names what to run first. A check
    only warns, for an earlier task that was checked as well may make it.
  - Module M(operatingdev.phoenix.site) runs all of them.
author:
  - the Phoenix authors (@operatingdev)
extends_documentation_fragment:
  - operatingdev.phoenix.aws
  - operatingdev.phoenix.environment
options:
  s3_endpoint:
    description:
      - Whether traffic to S3 goes through a gateway endpoint, which costs nothing, instead of a NAT
        gateway, which charges by the gigabyte.
    type: bool
    default: true
  flow_logs:
    description:
      - Whether AWS records all traffic of the VPC in the bucket for logs.
    type: bool
    default: true
  flow_log_interval:
    description:
      - How many seconds of traffic one record sums up at the most. A change replaces the flow log,
        which must be allowed with O(allow_replace).
    type: int
    choices: [60, 600]
    default: 600
"""

EXAMPLES = r"""
- name: The storage of the home site comes first
  operatingdev.phoenix.storage: &site
    environment: production
    account_id: "123456789012"
    sites:
      home: {region: us-east-1, stands: home, cidr: 10.20.0.0/16}
    site: home

- name: The network of the home site
  operatingdev.phoenix.network:
    <<: *site

- name: Start the networks of all sites of the inventory and go on with something else
  operatingdev.phoenix.network:
    environment: "{{ phoenix_environment }}"
    account_id: "{{ phoenix_account_id }}"
    sites: "{{ phoenix_sites }}"
    site: "{{ inventory_hostname }}"
    wait: false
  register: network_result

- name: A cheaper one without flow logs, with a single NAT gateway, in two zones
  operatingdev.phoenix.network:
    environment: staging
    account_id: "123456789012"
    sites:
      home: {region: us-east-1, stands: home, cidr: 10.30.0.0/16, zones: [a, b], nat: one}
    site: home
    flow_logs: false
"""

RETURN = r"""
actions:
  description: Every object that is created, changed, replaced or removed, or would be.
  returned: always
  type: list
  elements: dict
  sample:
    - address: subnet/public-a
      site: home
      tier: network
      kind: subnet
      action: create
      changes: []
      values: {cidr: 10.20.0.0/21, zone: us-east-1a}
counts:
  description: How many objects there are of each action.
  returned: always
  type: dict
  sample: {create: 43, change: 0, replace: 0, destroy: 0}
known:
  description:
    - Identifiers by address of everything that is there and usable.
    - In check mode also what would be created, without identifiers.
  returned: always
  type: dict
waiting:
  description: What is there and not usable yet, with the state AWS reports, and what is deferred.
  returned: always
  type: dict
foreign:
  description: What stands on our objects and is not ours. It is left alone.
  returned: always
  type: list
  elements: str
done:
  description: Addresses of the actions that were executed, in the order in which they ended.
  returned: always
  type: list
  elements: str
"""

from ..module_utils.runner import arguments, run_tier
from ..module_utils.tiers import network

ARGUMENTS = arguments(network.FIELDS)


def main() -> None:
    run_tier(network)


if __name__ == "__main__":
    main()
