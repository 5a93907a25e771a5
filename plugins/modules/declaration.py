#!/usr/bin/python
# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module declaration: checks a whole declaration before anything is touched."""

from __future__ import annotations

DOCUMENTATION = r"""
module: declaration
short_description: Check the declaration of an environment before anything is touched
version_added: 0.1.0
description:
  - Checks every option of every tier and the rules between them, and reports all mistakes at once,
    each with its place, its value, the rule and an example. Makes no API call.
  - Run by a playbook it takes the options from the variables of the roles, and also names variables
    that look like a misspelt one of theirs.
author:
  - the Phoenix authors (@operatingdev)
extends_documentation_fragment:
  - operatingdev.phoenix.aws
  - operatingdev.phoenix.environment
  - operatingdev.phoenix.tiers
"""

EXAMPLES = r"""
- name: Check the variables of all roles
  operatingdev.phoenix.declaration:
"""

RETURN = r"""
sites:
  description: The network of every declared site.
  returned: success
  type: dict
  sample: {home: 10.20.0.0/16, recovery: 10.21.0.0/16}
database:
  description:
    - What is to be within the database, as role C(database) takes it in C(database_access), with a
      C(digest) of all of it.
  returned: success
  type: dict
  sample: {database: shop, owner: shop_owner, extensions: [pg_trgm], digest: 9f2c}
hosts:
  description:
    - What hosts are launched with, as module M(operatingdev.phoenix.image) takes it for a builder.
  returned: success
  type: dict
  sample: {application: shop, instance_type: t4g.small, image_id: "", root_gb: 20}
cost:
  description:
    - What all that is declared of the site costs in a month of 730 hours, in USD, by prices that
      come with the collection. C(monthly) is with as few hosts as there may be, C(monthly_most)
      with as many. C(unknown) is how many things are of no known price, C(metered) how many depend
      on use.
  returned: success
  type: dict
  sample:
    monthly: "68.21"
    monthly_most: "83.27"
    unknown: 0
    metered: 9
    prices_from: snapshot of 2025-06-05 to 2025-11-04
problems:
  description: All mistakes, each with path, value, rule and example.
  returned: failure
  type: list
  elements: dict
"""

from ..module_utils.runner import run_declaration, whole_arguments

ARGUMENTS = whole_arguments()


def main() -> None:
    run_declaration()


if __name__ == "__main__":
    main()
