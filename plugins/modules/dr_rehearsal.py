#!/usr/bin/python
# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module dr_rehearsal: as what the copy of a site is declared in which a drill takes place."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dr_rehearsal
short_description: Tell as what the copy of a site is declared for a drill
version_added: 0.1.0
description:
  - Finds the newest copy of the database and the image of the release in the region of the site
    that stands by, and answers as what an environment is to be declared that is made of them.
  - That environment has one site, which is closed to all sides, and nothing in common with the one
    of which it is a copy. Playbook C(dr_drill) builds it, rehearses a failover in it, and removes
    it.
  - At the site that serves it tells that it does, and looks at nothing. A drill that has not ended
    is told all the same, with what its copy was declared as.
  - Writes nothing.
author:
  - the Phoenix authors (@operatingdev)
extends_documentation_fragment:
  - operatingdev.phoenix.aws
  - operatingdev.phoenix.environment
  - operatingdev.phoenix.tiers
"""

EXAMPLES = r"""
# Of each site: the one that serves is not rehearsed.
- name: Tell what a drill would take place in
  operatingdev.phoenix.dr_rehearsal:
    environment: production
    account_id: "123456789012"
    sites:
      home: {region: us-east-1, stands: home, cidr: 10.20.0.0/16}
      recovery: {region: us-west-2, stands: recovery, cidr: 10.21.0.0/16}
    site: home
    traffic: {domain: www.example.org}
"""

RETURN = r"""
needed:
  description: Whether the site is the one that a drill rehearses.
  returned: success
  type: bool
under_way:
  description: Whether a drill of the site has not ended. It is gone on with, whoever serves by now.
  returned: success
  type: bool
said:
  description: Why it is not, else empty.
  returned: success
  type: str
  sample: home serves, recovery is rehearsed
declares:
  description:
    - C(environment), C(site), C(sites) and C(copy_of) of the copy, as modules take them; what its
      database is made of as C(restore), in words as C(copy), as of when as C(as_of); and C(image),
      the id of the image of its hosts.
    - Empty at the site that serves.
  returned: success
  type: dict
owned:
  description:
    - The ARNs of all that the account has of the environment, by region. After a drill it is the
      same. A region that does not answer is left out.
    - Empty at the site that serves.
  returned: success
  type: dict
  sample: {us-west-2: ["arn:aws:ec2:us-west-2:123456789012:vpc/vpc-0a1b2c3d"]}
"""

from ..module_utils.runner import run_rehearsal, whole_arguments

ARGUMENTS = whole_arguments()


def main() -> None:
    run_rehearsal()


if __name__ == "__main__":
    main()
