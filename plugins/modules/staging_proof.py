#!/usr/bin/python
# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module staging_proof: proves that nobody's data is left in a copy that was masked."""

from __future__ import annotations

DOCUMENTATION = r"""
module: staging_proof
short_description: Prove that nothing of persons is left in a copy of production
version_added: 0.1.0
description:
  - Reads every text of the database, of whatever type and in whatever table, and of comments,
    defaults, constraints, indexes, views, functions, triggers, policies, enumerations, settings,
    large objects, and what the planner knows.
  - Nothing may be there of what M(operatingdev.phoenix.staging_mask) wrote down before, however it
    is cased and whatever stands between its words; no mail, telephone number, card, account or
    token that may be somebody's; and as many rows and values as before, where they were to stay.
  - Where nothing is found, the key, the functions and what was written down are removed.
  - Where something is found, the task fails, with where it is and what, and never with the value.
notes:
  - Of single words only those are looked for everywhere that have a digit in them, for a first name
    or a city alone may be anywhere. Two words or more are, and where they were single words are.
  - What is compressed or encrypted within a value is not looked into.
  - Runs where the database can be reached, and needs psycopg2 there.
author:
  - the Phoenix authors (@operatingdev)
extends_documentation_fragment:
  - operatingdev.phoenix.copied
  - operatingdev.phoenix.copied.rules
options:
  allowed:
    description:
      - Domains and addresses of mail that are nobody's or your own, besides those that are kept for
        examples. A domain stands for those below it, too. Other words are let be as they are
        (C(New York)), where they would be taken for somebody's.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Prove that nobody's data is in the copy
  operatingdev.phoenix.staging_proof:
    login_host: staging-x1.abc.us-east-1.rds.amazonaws.com
    login_user: phoenix_owner
    login_db: application
    ca_cert: /etc/phoenix/database-authorities.pem
    login_file: /run/phoenix-database/passwords
    copy: staging-20261129-101500
    allowed: [shop.example.com]
    rules:
      customers: {id: keep, email: email, name: name}
      sessions: truncate
"""

RETURN = r"""
findings:
  description:
    - C(where) there is something, C(what), and in how many C(rows). Empty where the copy is clean.
  returned: always, but for input that is refused
  type: list
  elements: dict
  sample: [{where: public.tickets.body, what: a value of public.customers.email, rows: 1}]
tables:
  description: How many rows each table had that was read.
  returned: success
  type: dict
  sample: {public.customers: 120000}
looked_for:
  description: For how many values it has looked.
  returned: success
  type: int
  sample: 431877
forgotten:
  description: The schemas that were removed, with the key in them.
  returned: success
  type: list
  elements: str
  sample: [phoenix_mask, phoenix_proof]
"""

from ..module_utils.masking.task import PROOF_FIELDS
from ..module_utils.runner import fields_arguments, run_proof

ARGUMENTS = fields_arguments(PROOF_FIELDS)


def main() -> None:
    run_proof()


if __name__ == "__main__":
    main()
