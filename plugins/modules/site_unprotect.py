#!/usr/bin/python
# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module site_unprotect: lets go what stands at a site and AWS would not delete."""

from __future__ import annotations

DOCUMENTATION = r"""
module: site_unprotect
short_description: Lift the deletion protection of what stands at a site
version_added: 0.1.0
description:
  - Lifts the deletion protection of the site's database instance and load balancer, where they are
    there and protected. It makes nothing, repairs nothing, and waits for nothing that is absent.
  - An instance that is busy, because it is being made for instance, is waited for.
  - The next run of module M(operatingdev.phoenix.site) turns the protection on again, unless the
    declaration says otherwise.
author:
  - the Phoenix authors (@operatingdev)
extends_documentation_fragment:
  - operatingdev.phoenix.aws
  - operatingdev.phoenix.environment
  - operatingdev.phoenix.tiers
options:
  confirm:
    description:
      - The name of the environment, typed by a person. Without it nothing is touched.
      - It is not needed in check mode.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Let a site go
  operatingdev.phoenix.site_unprotect:
    environment: "{{ phoenix_environment }}"
    account_id: "{{ phoenix_account_id }}"
    sites: "{{ phoenix_sites }}"
    site: "{{ inventory_hostname }}"
    traffic:
      domain: shop.example.com
    confirm: production
"""

RETURN = r"""
actions:
  description: Every object whose protection is lifted, or would be.
  returned: always
  type: list
  elements: dict
done:
  description: Addresses of the objects whose protection was lifted.
  returned: always
  type: list
  elements: str
report:
  description: What was lifted, or would be, in a sentence for each object.
  returned: always
  type: list
  elements: str
  sample:
    - "home: lifted the protection of db_instance/main"
"""

from ..module_utils.runner import run_unprotect, unprotect_arguments

ARGUMENTS = unprotect_arguments()


def main() -> None:
    run_unprotect()


if __name__ == "__main__":
    main()
