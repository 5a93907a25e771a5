#!/usr/bin/python
# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module traffic: keep names, certificate, balancer and failover records of a site as declared."""

from __future__ import annotations

DOCUMENTATION = r"""
module: traffic
short_description: Keep names, certificate, load balancer and failover records of a site as declared
version_added: 0.1.0
description:
  - Makes the hosted zone, a certificate by DNS validation in each region, an application load
    balancer with HTTPS and a redirect to it, its target group, health checks, alarms and the
    topic they report to.
  - "Where there is a recovery site, the names of both are a pair of records that fails over. The
    switch between them is an alarm in the recovery region: writing its metric there moves the
    traffic, and nothing of the home region takes part."
  - A site that is C(closed) has an internal balancer, and no zone, record or health check. Its
    certificate is issued by the proof of the environment in the same account that owns the name.
  - Listeners, rules, records and subscriptions of others are named and left alone.
  - The zone is never removed or replaced by an edit of the declaration.
notes:
  - Needs the bucket and the key of M(operatingdev.phoenix.storage), and the subnets and groups of
    M(operatingdev.phoenix.network), which are run before.
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
  domain:
    description:
      - Domain name under which the site is reached, such as V(www.example.org).
    type: str
    required: true
  zone:
    description:
      - Name of the hosted zone that holds the domain. By default the domain itself is the zone.
    type: str
    default: ""
  zone_managed:
    description:
      - Whether the home site makes the zone. Without, the account's public zone of that name is
        used.
    type: bool
    default: true
  certificate_names:
    description:
      - Further names for the certificate. They must lie in the zone; a wildcard such as
        V(*.www.example.org) is one.
    type: list
    elements: str
    default: []
  health_path:
    description:
      - Path that hosts answer with status 200 when they can serve. Hosts that do not are replaced,
        so it must not fail for what all of them need, such as the database.
      - The default is answered by nginx of role P(operatingdev.phoenix.web_host#role).
    type: str
    default: /health/ready
  ssl_policy:
    description:
      - Security policy of the HTTPS listener, one that knows TLS 1.3 and nothing before 1.2.
    type: str
    default: ELBSecurityPolicy-TLS13-1-2-2021-06
  access_logs:
    description:
      - Whether the load balancer writes its access logs to the bucket of the logs.
    type: bool
    default: true
  deletion_protection:
    description:
      - Whether the load balancer is protected against being deleted.
    type: bool
    default: true
  alarm_email:
    description:
      - Address that alarms are sent to. Who reads it must confirm it once; nothing waits for
        that.
      - An address that is no longer declared stays until its reader cancels it.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: The storage of the home site comes first
  operatingdev.phoenix.storage: &site
    environment: production
    account_id: "123456789012"
    sites:
      home: {region: us-east-1, stands: home, cidr: 10.20.0.0/16}
    site: home

- name: Then its network
  operatingdev.phoenix.network:
    <<: *site

- name: Names and balancer of the home site
  operatingdev.phoenix.traffic:
    <<: *site
    domain: www.example.org
    alarm_email: operations@example.org

- name: The same in a zone of the account that is there already
  operatingdev.phoenix.traffic:
    <<: *site
    domain: www.example.org
    zone: example.org
    zone_managed: false
    alarm_email: operations@example.org
"""

RETURN = r"""
actions:
  description: Every object that is created, changed, replaced or removed, or would be.
  returned: always
  type: list
  elements: dict
  sample:
    - address: load_balancer/main
      site: home
      tier: traffic
      kind: load_balancer
      action: create
      changes: []
      values: {scheme: internet-facing}
counts:
  description: How many objects there are of each action.
  returned: always
  type: dict
  sample: {create: 22, change: 0, replace: 0, destroy: 0}
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
from ..module_utils.tiers import traffic

ARGUMENTS = arguments(traffic.FIELDS)


def main() -> None:
    run_tier(traffic)


if __name__ == "__main__":
    main()
