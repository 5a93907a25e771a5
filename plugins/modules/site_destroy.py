#!/usr/bin/python
# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module site_destroy: takes a site down and proves that nothing billable is left."""

from __future__ import annotations

DOCUMENTATION = r"""
module: site_destroy
short_description: Take a site down and prove that nothing billable is left
version_added: 0.1.0
description:
  - Finds everything that belongs to the site by owner tags and names, removes it in the order of
    its dependencies, and looks again.
  - Looks in every region that is enabled for the account, before and after. What stands where the
    declaration does not name it is named, and nothing is touched.
  - Touches nothing without the typed name of the environment, while deletion protection is on,
    while a bucket holds objects that O(empty_buckets) does not give up, while the hosted zone holds
    records of others, or at home while the recovery site stands.
  - Secrets and keys are scheduled for deletion and can be called back for 30 days. The key by which
    the final snapshot is encrypted stays.
author:
  - the Phoenix authors (@operatingdev)
extends_documentation_fragment:
  - operatingdev.phoenix.aws
  - operatingdev.phoenix.environment
  - operatingdev.phoenix.tiers
options:
  confirm:
    description:
      - The name of the environment, typed by a person.
    type: str
    default: ""
  empty_buckets:
    description:
      - Buckets whose objects may be deleted, by purpose.
    type: list
    elements: str
    default: []
  look:
    description:
      - Only look. Fails where the teardown would be refused, and removes nothing; the name need not
        be typed for that. For all sites together, before the first of them goes.
    type: bool
    default: false
  before:
    description:
      - Sites that are taken down before this one. With O(look) and in check mode they are no
        obstacle, although they stand.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Lift the protection against deletion, in a run of its own
  operatingdev.phoenix.site_unprotect:
    environment: "{{ phoenix_environment }}"
    account_id: "{{ phoenix_account_id }}"
    sites: "{{ phoenix_sites }}"
    site: "{{ inventory_hostname }}"
    traffic:
      domain: shop.example.com
    confirm: production

- name: Take the site down
  operatingdev.phoenix.site_destroy:
    environment: "{{ phoenix_environment }}"
    account_id: "{{ phoenix_account_id }}"
    sites: "{{ phoenix_sites }}"
    site: "{{ inventory_hostname }}"
    traffic:
      domain: shop.example.com
    confirm: production
    empty_buckets: [logs]
"""

RETURN = r"""
actions:
  description: Every object that is (or in check mode would be) removed.
  returned: always
  type: list
  elements: dict
obstacles:
  description: Why the teardown would be refused, each with the way on.
  returned: in check mode, and with O(look)
  type: list
  elements: str
left:
  description: What belongs to the site and is still there. Anything here fails the task.
  returned: when something was removed
  type: list
  elements: str
kept:
  description:
    - What stays, or would stay, on purpose, with the reason. Also keys and secrets that are
      scheduled for deletion, which are not charged for.
  returned: always
  type: list
  elements: str
report:
  description: What was removed and what is kept, or would be, and what is in the way; a line each.
  returned: always
  type: list
  elements: str
  sample:
    - "recovery: removed 1"
    - "- recovery vpc/main"
    - "recovery: kept 1"
    - "= recovery snapshot production-recovery-database-final"
"""

from ..module_utils.runner import destroy_arguments, run_destroy

ARGUMENTS = destroy_arguments()


def main() -> None:
    run_destroy()


if __name__ == "__main__":
    main()
