#!/usr/bin/python
# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module staging_sleep: has a staging copy awake or asleep."""

from __future__ import annotations

DOCUMENTATION = r"""
module: staging_sleep
short_description: Put a staging copy to sleep, or wake it
version_added: 0.1.0
description:
  - Asleep a copy has no host of its web tier, and its sink of mail and its database are stopped.
    Awake they run, and as many hosts as are declared at least are healthy behind the balancer. The
    most that there may be, addresses, data, and mail that was taken stay as they are.
  - It waits for what is under way. What was cut off the same task goes on with.
  - RDS starts a database by itself that was stopped for seven days. The next run stops it again.
  - Touches nothing but a copy. Where O(copy_of) is empty, or the database is no copy of that
    environment by its own tags, it fails. A copy of which a refresh has not ended is left alone,
    and one to which the way back goes is not put to sleep.
author:
  - the Phoenix authors (@operatingdev)
extends_documentation_fragment:
  - operatingdev.phoenix.aws
  - operatingdev.phoenix.environment
  - operatingdev.phoenix.tiers
options:
  state:
    description:
      - How the copy is to be. With O(wait=false) a copy is awake once AWS was asked for its hosts.
    type: str
    choices: [awake, asleep]
    required: true
"""

EXAMPLES = r"""
- name: Put a staging copy to sleep, if there is one
  operatingdev.phoenix.staging_sleep:
    environment: staging-a
    account_id: "123456789012"
    sites:
      staging:
        region: us-east-1
        stands: home
        cidr: 10.20.0.0/16
        nat: none
        closed: true
        visitors: [203.0.113.0/24]
    site: staging
    copy_of: {environment: production, site: home}
    web_tier: {application: shop}
    database: {backup_days: 0, multi_az: false, deletion_protection: false, final_snapshot: false}
    traffic: {domain: staging.shop.example.com, zone: shop.example.com}
    state: asleep
"""

RETURN = r"""
state:
  description: How the copy is by now, or would be, unless something is C(said).
  returned: success
  type: str
  sample: asleep
did:
  description: The calls that were made for it, or would be. None where it was so already.
  returned: success
  type: list
  elements: str
  sample:
    - autoscaling UpdateAutoScalingGroup staging-a-staging-web 0
    - ec2 StopInstances i-0a1b2c3d4e5f60718
    - rds StopDBInstance staging-a-staging-database
said:
  description: Why it was left alone, else empty.
  returned: success
  type: str
  sample: refresh 20261128T101500Z-refresh-3f2a has not ended, staging-a is left alone
"""

from ..module_utils.runner import run_sleep, sleep_arguments

ARGUMENTS = sleep_arguments()


def main() -> None:
    run_sleep()


if __name__ == "__main__":
    main()
