#!/usr/bin/python
# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module dr_validate: whether the site that stands by could take over now."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dr_validate
short_description: Tell whether the site that stands by is fit to take over now
version_added: 0.1.0
description:
  - Looks at all that a failover relies on, at the site that stands by and at the one that serves,
    and tells of each whether it is good, not good or not known, how old it is, and what to do.
  - Fails where anything is not good. All rows are told in any case.
  - Where the region of the site that serves does not answer, what needs it is not known, and the
    rest is told all the same. It ends within a minute.
  - At the site that serves it tells that it does, and looks at nothing.
  - Writes nothing.
author:
  - the Phoenix authors (@operatingdev)
extends_documentation_fragment:
  - operatingdev.phoenix.aws
  - operatingdev.phoenix.environment
  - operatingdev.phoenix.tiers
  - operatingdev.phoenix.objectives
options:
  strict:
    description:
      - Whether it also fails where something is not known, as before a drill.
    type: bool
    default: false
  switchover:
    description:
      - Whether it is looked at for a move while both regions are there, for which it does not
        matter that no failover leads away from the recovery site.
    type: bool
    default: false
"""

EXAMPLES = r"""
# Of each site: nothing is told at the one that serves.
- name: Tell whether the site could take over
  operatingdev.phoenix.dr_validate:
    environment: production
    account_id: "123456789012"
    sites:
      home: {region: us-east-1, stands: home, cidr: 10.20.0.0/16}
      recovery: {region: us-west-2, stands: recovery, cidr: 10.21.0.0/16}
    site: home
    traffic: {domain: www.example.org}
    peer_absent: false
    strict: true
"""

RETURN = r"""
readiness:
  description: V(pass), or the worst state of any row, which is V(fail) or V(unknown).
  returned: when the site was looked at
  type: str
  sample: fail
standby:
  description: The site that stands by.
  returned: when the site was looked at
  type: str
  sample: recovery
active:
  description:
    - Which site serves, in which region, since when and by which operation; empty texts where it
      serves since it was built.
  returned: when the site was looked at
  type: dict
  sample: {site: home, region: us-east-1, since: "", by: ""}
rows:
  description:
    - What a failover relies on, in order of weight. The state is V(pass), V(fail) or V(unknown),
      the age in seconds or null, and C(next) is empty, a sentence, or a command behind C($ ).
  returned: when the site was looked at
  type: list
  elements: dict
  sample:
    - what: Image
      state: fail
      age_seconds: 86400.0
      said: hosts here would be of release 1.3.0, site home runs 1.4.0
      next: $ ansible-playbook operatingdev.phoenix.release -e release_version=1.4.0
replication:
  description:
    - C(lag_seconds) and C(heartbeat_age_seconds), null where not known.
    - Empty where no copy of the database streams.
  returned: when the site was looked at
  type: dict
  sample: {lag_seconds: 0.0, heartbeat_age_seconds: 8.1}
report:
  description: The same in lines for people, how ready the site is first, then what is in the way.
  returned: when the site was looked at
  type: list
  elements: str
"""

from ..module_utils.runner import run_validate, validate_arguments

ARGUMENTS = validate_arguments()


def main() -> None:
    run_validate()


if __name__ == "__main__":
    main()
