#!/usr/bin/python
# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module site_info: what is there, how it differs from the declaration, and the plan, as data."""

from __future__ import annotations

DOCUMENTATION = r"""
module: site_info
short_description: Report inventory, drift and plan of a site as data
version_added: 0.1.0
description:
  - Reads everything that belongs to a site and compares it with the declaration. Never writes.
author:
  - the Phoenix authors (@operatingdev)
extends_documentation_fragment:
  - operatingdev.phoenix.aws
  - operatingdev.phoenix.environment
  - operatingdev.phoenix.tiers
"""

EXAMPLES = r"""
- name: Find out what differs from the declaration
  operatingdev.phoenix.site_info:
    environment: "{{ phoenix_environment }}"
    account_id: "{{ phoenix_account_id }}"
    sites: "{{ phoenix_sites }}"
    site: "{{ inventory_hostname }}"
    traffic:
      domain: shop.example.com
  register: info

- name: Say what a run would do
  ansible.builtin.debug:
    msg: "{{ info.drift | map(attribute='address') | list }}"
"""

RETURN = r"""
actions:
  description: Every object that would be created, changed, replaced or removed.
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
drift:
  description: The actions that would repair what differs, with each field before and after.
  returned: always
  type: list
  elements: dict
resources:
  description: Everything that is there, with its state, managed attributes and identifiers.
  returned: always
  type: list
  elements: dict
"""

from ..module_utils.runner import run_info, whole_arguments

ARGUMENTS = whole_arguments()


def main() -> None:
    run_info()


if __name__ == "__main__":
    main()
