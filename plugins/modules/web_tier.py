#!/usr/bin/python
# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module web_tier: keep the hosts of a site, and what they may do, as declared."""

from __future__ import annotations

DOCUMENTATION = r"""
module: web_tier
short_description: Keep the hosts of a site, and what they may do, as declared
version_added: 0.1.0
description:
  - Makes a role of least privilege with its instance profile, a launch template, an auto scaling
    group with target tracking, and parameters for the application to read.
  - The home site has from O(min_size) to O(max_size) hosts. The recovery site begins with one
    where its strategy is V(warm_standby), else with none.
  - How many hosts there are between the bounds is left to the scaling policies. Where hosts run
    that were launched otherwise than declared, or that have read another login to the database
    than the one that is current, an instance refresh replaces them.
  - At home it is waited for, and told, that enough hosts answer well behind the load balancer.
notes:
  - Needs all other tiers, which are run before.
  - The order is storage, network, database, traffic, web_tier. Where an object of an earlier one is
    missing, a task that waits fails before it writes anything and names what to run first. A check
    only warns, for an earlier task that was checked as well may make it.
  - Module M(operatingdev.phoenix.site) runs all of them.
author:
  - the Phoenix authors (@operatingdev)
extends_documentation_fragment:
  - operatingdev.phoenix.aws
  - operatingdev.phoenix.environment
options:
  instance_type:
    description:
      - EC2 instance type of the hosts. It must fit the architecture of the image.
    type: str
    default: t4g.small
  fallback_instance_types:
    description:
      - Instance types that are launched where a zone has none of O(instance_type), in order of
        preference, all on demand. They must fit the architecture of the image too, and be large
        enough for the application. AWS allows 39.
      - Another list by itself replaces no host.
    type: list
    elements: str
    default: []
  image_parameter:
    description:
      - Path of the Systems Manager parameter that holds the id of the image.
    type: str
    default: /aws/service/debian/release/12/latest/arm64
  image_id:
    description:
      - Id of an image in the site's region, instead of O(image_parameter).
    type: str
    default: ""
  application:
    description:
      - Name of the application that the hosts serve. They are then launched from the image of its
        release, which role P(operatingdev.phoenix.image#role) makes, and fetch their configuration
        at boot from the site's parameters.
      - Without it they are launched from O(image_parameter) or O(image_id), with O(user_data).
    type: str
    default: ""
  release_image:
    description:
      - Name of the image of a release that the hosts are to be launched from, of the form
        C(<release>-<recipe>), or its id. Role P(operatingdev.phoenix.release#role) says it; without
        it what runs goes on.
    type: str
    default: ""
  login_version:
    description:
      - Id of a version of the application's secret that all hosts are to have read. Where hosts run
        that have read another, an instance refresh replaces them, and they are waited for. Playbook
        C(rotate) says it; without it hosts are to have read the version that is current.
    type: str
    default: ""
  keep_images:
    description:
      - How many images of releases are kept, the newest of each site. Older ones are removed with
        their snapshots, but for those that hosts are launched from, and the one of the release
        before. With 0 all are kept.
      - Playbooks site and release do it, by module M(operatingdev.phoenix.image).
    type: int
    default: 5
  root_device:
    description:
      - Name of the image's root device.
    type: str
    default: /dev/xvda
  root_gb:
    description:
      - Size of the encrypted root disk in GiB, from 8 to 16384.
    type: int
    default: 20
  min_size:
    description:
      - Least number of hosts at the home site, from 0 to 500.
    type: int
    default: 2
  max_size:
    description:
      - Largest number of hosts, from 1 to 500.
    type: int
    default: 12
  cpu_target:
    description:
      - Average CPU use in percent that scaling aims at, from 10 to 90.
    type: int
    default: 55
  requests_target:
    description:
      - Requests per host and minute that scaling aims at. With 0 only the CPU counts.
    type: int
    default: 1000
  user_data:
    description:
      - Text of at most 16384 bytes that a host runs at its first start. No place for a secret.
    type: str
    default: ""
  parameters:
    description:
      - "Further parameters for the application by name, under C(/<environment>/<site>/). Hosts of
        O(application) read them at their start, C(theme/colour) as C(THEME_COLOUR), and are
        replaced when one changes."
      - "A secret is refused. Put it into a SecureString below the same path yourself, encrypted
        with the key of the site or with C(aws/ssm): hosts read it as well, and nobody else needs
        to. Or keep it in Secrets Manager, and give its ARN."
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: The storage of the home site comes first
  operatingdev.phoenix.storage: &site
    environment: production
    account_id: "123456789012"
    sites:
      home: {region: us-east-1, stands: home, cidr: 10.20.0.0/16}
    site: home

- name: Then its network
  operatingdev.phoenix.network:
    <<: *site

- name: Then its database
  operatingdev.phoenix.database:
    <<: *site

- name: Then its names and its balancer
  operatingdev.phoenix.traffic:
    <<: *site
    domain: www.example.org

- name: Hosts of the home site
  operatingdev.phoenix.web_tier:
    <<: *site

- name: More and larger hosts, and a parameter of the application
  operatingdev.phoenix.web_tier:
    environment: "{{ phoenix_environment }}"
    account_id: "{{ phoenix_account_id }}"
    sites: "{{ phoenix_sites }}"
    site: "{{ inventory_hostname }}"
    instance_type: m7g.large
    min_size: 4
    max_size: 40
    parameters:
      theme: dark
"""

RETURN = r"""
actions:
  description: Every object that is created, changed, replaced or removed, or would be.
  returned: always
  type: list
  elements: dict
  sample:
    - address: autoscaling_group/web
      site: home
      tier: web_tier
      kind: autoscaling_group
      action: create
      changes: []
      values: {min_size: 2, max_size: 12}
counts:
  description: How many objects there are of each action.
  returned: always
  type: dict
  sample: {create: 15, change: 0, replace: 0, destroy: 0}
known:
  description:
    - Identifiers by address of everything that is there and usable.
    - In check mode also what would be created, without identifiers.
  returned: always
  type: dict
waiting:
  description: What is there and not usable yet, with the state AWS reports, and what is deferred.
  returned: always
  type: dict
foreign:
  description: What stands on our objects and is not ours. It is left alone.
  returned: always
  type: list
  elements: str
done:
  description: Addresses of the actions that were executed, in the order in which they ended.
  returned: always
  type: list
  elements: str
"""

from ..module_utils.runner import arguments, run_tier
from ..module_utils.tiers import web_tier

ARGUMENTS = arguments(web_tier.FIELDS)


def main() -> None:
    run_tier(web_tier)


if __name__ == "__main__":
    main()
