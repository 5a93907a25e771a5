#!/usr/bin/python
# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module site: all tiers of a site in one go, and the await of what single tiers started."""

from __future__ import annotations

DOCUMENTATION = r"""
module: site
short_description: Bring all tiers of a site to what is declared, and wait for them
version_added: 0.1.0
description:
  - Plans and applies storage, network, database, traffic and web tier as one graph, so that what
    does not need another thing does not wait for it.
  - After tasks of single tiers with O(operatingdev.phoenix.network#module:wait=false),
    it completes what they deferred and waits for everything at once. Where they left nothing, it
    makes no API call.
author:
  - the Phoenix authors (@operatingdev)
extends_documentation_fragment:
  - operatingdev.phoenix.aws
  - operatingdev.phoenix.environment
  - operatingdev.phoenix.tiers
options:
  after:
    description:
      - Results of earlier tasks of single tiers. Where none of them is still waiting for anything,
        or in check mode, where they have planned everything, this task does nothing.
      - An empty one stands for a task that did not run. Then this task does all of it.
    type: list
    elements: dict
    default: []
  until:
    description:
      - Addresses of objects. Once all of them are usable, nothing else is waited for, and what
        still waits is left to a later task.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Build a whole site with the defaults
  operatingdev.phoenix.site:
    environment: production
    account_id: "123456789012"
    sites:
      home: {region: us-east-1, stands: home, cidr: 10.20.0.0/16}
    site: home
    traffic:
      domain: shop.example.com

- name: Start the storage of every site of the inventory
  operatingdev.phoenix.storage:
    environment: "{{ phoenix_environment }}"
    account_id: "{{ phoenix_account_id }}"
    sites: "{{ phoenix_sites }}"
    site: "{{ inventory_hostname }}"
    wait: false
  register: storage_result

- name: Start its network
  operatingdev.phoenix.network:
    environment: "{{ phoenix_environment }}"
    account_id: "{{ phoenix_account_id }}"
    sites: "{{ phoenix_sites }}"
    site: "{{ inventory_hostname }}"
    known: "{{ storage_result.known }}"
    wait: false
  register: network_result

- name: Make the rest, and wait for everything
  operatingdev.phoenix.site:
    environment: "{{ phoenix_environment }}"
    account_id: "{{ phoenix_account_id }}"
    sites: "{{ phoenix_sites }}"
    site: "{{ inventory_hostname }}"
    traffic:
      domain: shop.example.com
"""

RETURN = r"""
actions:
  description: Every object that is created, changed, replaced or removed, or would be.
  returned: always
  type: list
  elements: dict
  sample:
    - address: vpc/main
      site: home
      tier: network
      kind: vpc
      action: create
      changes: []
      values: {cidr: 10.20.0.0/16}
counts:
  description: How many objects there are of each action.
  returned: when something was planned
  type: dict
  sample: {create: 74, change: 0, replace: 0, destroy: 0}
known:
  description:
    - Identifiers by address of everything that is there and usable.
    - In check mode also what would be created, without identifiers.
  returned: when something was planned
  type: dict
notices:
  description:
    - What has to be read before the next step, such as that the snapshot of an earlier database is
      kept while an empty one is made.
  returned: when something was planned
  type: list
  elements: str
waiting:
  description: What is there and not usable yet, with the state AWS reports, and what is deferred.
  returned: always
  type: dict
foreign:
  description: What stands on our objects and is not ours. It is left alone.
  returned: when something was planned
  type: list
  elements: str
waited:
  description:
    - Seconds, by address, after which something that this task waited for was ready.
    - Where the task runs in the controller's process only.
  returned: when something was awaited
  type: dict
  sample: {db_instance/main: 912.4}
done:
  description: Addresses of the actions that were executed, in the order in which they ended.
  returned: when something was planned
  type: list
  elements: str
"""

from ..module_utils.runner import run_site, site_arguments

ARGUMENTS = site_arguments()


def main() -> None:
    run_site()


if __name__ == "__main__":
    main()
