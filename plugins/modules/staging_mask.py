#!/usr/bin/python
# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module staging_mask: puts values that are nobody's in the place of those of persons."""

from __future__ import annotations

DOCUMENTATION = r"""
module: staging_mask
short_description: Mask the database of a copy of production
version_added: 0.1.0
description:
  - Puts values that are nobody's in the place of all that rules tell to mask, within the database.
  - First the rules have to name all columns of all tables; one that they do not name is refused.
  - What was there before is written down as prints, by which M(operatingdev.phoenix.staging_proof)
    finds it wherever it may be left.
  - Equal values have equal masks, so that rows that belong together do so still. The key by which
    they are made is of the database's own making, and goes with the proof.
  - Each table is masked in one transaction, and written anew afterwards, so that no row of before
    is left in its files. A run that was killed is gone on with by the same task.
  - Neither triggers nor foreign keys act meanwhile. Foreign keys with a column that was masked are
    looked at in the end.
notes:
  - Runs where the database can be reached, which is a host in the network of the copy, and needs
    psycopg2 there.
  - In check mode the rules are held against the schema, and nothing is touched.
  - Needs PostgreSQL 13 or newer.
author:
  - the Phoenix authors (@operatingdev)
extends_documentation_fragment:
  - operatingdev.phoenix.copied
  - operatingdev.phoenix.copied.rules
options:
  canaries:
    description:
      - Texts that are known to be in production, which M(operatingdev.phoenix.staging_proof) looks
        for, too. Each of two words or more, or with a digit.
    type: list
    elements: str
    default: []
  disk_gb:
    description:
      - How many GiB the server's disk has. Where that is too few for masking, nothing is touched.
        With V(0) nobody knows.
    type: int
    default: 0
  stop:
    description:
      - Rows that would act in staging as they do in production, such as webhooks and what is to be
        sent later. The same of Django, Rails, Laravel and WordPress is known; subscriptions,
        servers of foreign tables and jobs of pg_cron are removed.
      - A list of dictionaries of C(table), C(where), a condition in SQL, and C(set), what columns
        become, in SQL. Without C(set) the rows are deleted.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Mask the copy
  operatingdev.phoenix.staging_mask:
    login_host: staging-x1.abc.us-east-1.rds.amazonaws.com
    login_user: phoenix_owner
    login_db: application
    ca_cert: /etc/phoenix/database-authorities.pem
    login_file: /run/phoenix-database/passwords
    copy: staging-20261129-101500
    rules:
      customers:
        id: keep
        email: email
        name: name
        born: {mask: date, by: id}
        profile: {mask: json, paths: {contact.phone: phone, plan: keep}}
      orders: {id: keep, customer_id: keep, total: keep, note: text}
      sessions: truncate
      webhooks: {id: keep, url: host, active: keep}
    hosts: {shop.example.com: staging.shop.example.com}
    stop:
      - {table: webhooks, where: active, set: {active: "false"}}
"""

RETURN = r"""
stopped:
  description: What would have acted, and how many of it. In check mode it is not looked for.
  returned: success
  type: dict
  sample: {rows of public.webhooks: 3, subscription: 1}
tables:
  description:
    - Of each table that was masked or emptied the number of C(rows), in how many C(seconds), and
      whether it was written C(anew). In check mode about how many rows there are.
  returned: success
  type: dict
  sample: {public.customers: {rows: 120000, seconds: 4.2, anew: true}}
"""

from ..module_utils.masking.task import MASK_FIELDS
from ..module_utils.runner import fields_arguments, run_mask

ARGUMENTS = fields_arguments(MASK_FIELDS)


def main() -> None:
    run_mask()


if __name__ == "__main__":
    main()
