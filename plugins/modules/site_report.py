#!/usr/bin/python
# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of action site_report, which runs on the controller only."""

from __future__ import annotations

DOCUMENTATION = r"""
module: site_report
short_description: Put the results of a whole run on one page and in one file
version_added: 0.1.0
description:
  - Reads what the roles of the tiers registered for every site and prints one summary. In
    check mode that is the plan with its monthly cost, otherwise what was built and where.
  - Writes the same facts to a JSON file on the controller, in check mode too.
  - Fails where no role registered anything, as in a playbook that was started at this task. Where
    that is because plans failed, the message is what each of them refused.
author:
  - the Phoenix authors (@operatingdev)
extends_documentation_fragment:
  - operatingdev.phoenix.aws
options:
  folder:
    description:
      - Folder for the file, named after the environment and V(plan) or V(run).
    type: path
    default: "."
  prices:
    description:
      - V(auto) asks the AWS Price List API and falls back to the snapshot of the collection. Every
        figure says which it is, and of when.
    type: str
    choices: [auto, snapshot]
    default: auto
  next_steps:
    description:
      - Lines for the end of the page.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Reports the plan.
    support: full
  diff_mode:
    description: Has nothing to compare.
    support: none
"""

EXAMPLES = r"""
- name: A task registers what is reported, as the roles of the tiers do
  operatingdev.phoenix.storage:
    environment: "{{ phoenix_environment }}"
    account_id: "{{ phoenix_account_id }}"
    sites: "{{ phoenix_sites }}"
    site: "{{ inventory_hostname }}"
  register: storage_result

- name: Report the run of all sites
  operatingdev.phoenix.site_report:
    folder: reports
  run_once: true
"""

RETURN = r"""
path:
  description: The file that was written.
  returned: success
  type: str
totals:
  description: How many objects were planned to be created, changed, replaced and destroyed.
  returned: success
  type: dict
  sample: {create: 148, change: 0, replace: 0, destroy: 0}
"""
