#!/usr/bin/python
# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module staging_rules: proposes what is to become of each column in a copy for staging."""

from __future__ import annotations

DOCUMENTATION = r"""
module: staging_rules
short_description: Propose what becomes of each column in a copy for staging
version_added: 0.1.0
description:
  - Proposes rules for M(operatingdev.phoenix.staging_mask), by the names and types of columns and
    by a sample of what is in them, for a person to look through.
  - What is in doubt is masked. Of Django, Rails, Laravel and WordPress it is known what becomes of
    their own tables.
  - No value leaves the database, only how many of a sample look like a mail, and how many differ.
  - Writes nothing.
notes:
  - Runs where the database can be reached, and needs psycopg2 there. A login that reads is enough.
author:
  - the Phoenix authors (@operatingdev)
extends_documentation_fragment:
  - operatingdev.phoenix.copied
options:
  declared:
    description:
      - Rules that there are already, as M(operatingdev.phoenix.staging_mask) takes them. They
        stand.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Propose rules for what has none yet
  operatingdev.phoenix.staging_rules:
    login_host: production-home-database.abc.us-east-1.rds.amazonaws.com
    login_user: application_reader_a
    login_db: application
    ca_cert: /etc/phoenix/database-authorities.pem
    login_file: /run/phoenix-database/passwords
    declared: "{{ staging_mirror_rules | default({}) }}"
  register: proposed

- name: Write them down, to be looked through
  ansible.builtin.copy:
    content: "{{ {'staging_mirror_rules': proposed.rules} | ansible.builtin.to_nice_yaml }}"
    dest: inventories/mine/group_vars/all/staging_rules.yml
    mode: "0644"
  delegate_to: localhost
"""

RETURN = r"""
rules:
  description:
    - By table, what is to become of its columns, as M(operatingdev.phoenix.staging_mask) takes it.
  returned: success
  type: dict
  sample: {public.customers: {id: keep, email: email}, public.sessions: truncate}
reasons:
  description: Why each is as it is that was not declared.
  returned: success
  type: dict
  sample: {public.customers.email: "an email, by its name or content"}
left:
  description: What of them would be refused still, and is for a person to decide.
  returned: success
  type: list
  elements: str
"""

from ..module_utils.masking.task import PROPOSAL_FIELDS
from ..module_utils.runner import fields_arguments, run_rules

ARGUMENTS = fields_arguments(PROPOSAL_FIELDS)


def main() -> None:
    run_rules()


if __name__ == "__main__":
    main()
