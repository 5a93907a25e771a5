#!/usr/bin/python
# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module storage: keep the key, the buckets and the database secrets of a site as declared."""

from __future__ import annotations

DOCUMENTATION = r"""
module: storage
short_description: Keep the key, the buckets and the database secrets of a site as declared
version_added: 0.1.0
description:
  - Makes a customer key with rotation, buckets for releases, backups and logs, and, at the site
    that stands home, the secrets with the logins to the database.
  - At home, releases, backups and the secrets are copied to the recovery site, if there is one.
  - Key, buckets and secrets are never removed or replaced by an edit of the declaration.
notes:
  - This is the first tier, and needs none before it.
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
  log_days:
    description:
      - How many days logs of load balancer and network are kept, from 1 to 3650.
    type: int
    default: 90
  noncurrent_days:
    description:
      - How many days the earlier version of an object is kept after it was overwritten or
        deleted, from 1 to 3650.
    type: int
    default: 30
  replicate:
    description:
      - Whether home copies releases, backups and the secrets to the recovery site.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Key, buckets and secrets of a site that has no other
  operatingdev.phoenix.storage:
    environment: production
    account_id: "123456789012"
    sites:
      home: {region: us-east-1, stands: home, cidr: 10.20.0.0/16}
    site: home

# With a recovery site declared the task runs for both at once, each a host of the play: home copies
# to the buckets that the other one makes, and waits for them.
- name: The same for every site of the inventory, with logs kept for a year
  operatingdev.phoenix.storage:
    environment: "{{ phoenix_environment }}"
    account_id: "{{ phoenix_account_id }}"
    sites: "{{ phoenix_sites }}"
    site: "{{ inventory_hostname }}"
    log_days: 365
"""

RETURN = r"""
actions:
  description: Every object that is created, changed, replaced or removed, or would be.
  returned: always
  type: list
  elements: dict
  sample:
    - address: bucket/logs
      site: home
      tier: storage
      kind: bucket
      action: create
      changes: []
      values: {name: production-home-logs-123456789012-us-east-1}
counts:
  description: How many objects there are of each action.
  returned: always
  type: dict
  sample: {create: 9, change: 0, replace: 0, destroy: 0}
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
from ..module_utils.tiers import storage

ARGUMENTS = arguments(storage.FIELDS)


def main() -> None:
    run_tier(storage)


if __name__ == "__main__":
    main()
