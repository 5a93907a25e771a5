#!/usr/bin/python
# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module image: a builder while it is wanted, and the image of a release."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image
short_description: Keep a builder while it is wanted, and the image of a release
version_added: 0.1.0
description:
  - With O(builder) there is a throw-away host in a public subnet of the site, in the first of its
    zones that can launch it, reached by ssh from O(controller) only, by keys of its own. It ends
    itself for good after O(builder_hours) at the latest.
    Without it, whatever a run has left of such a host is removed.
  - With O(release) there is an image of that release. It is made of the builder, which is shut down
    for it, or copied from O(source_region) and encrypted with the key of this site.
  - An image is not removed because it is not declared, but where it has failed, and by
    O(keep_images).
notes:
  - Needs tiers storage, network and web_tier.
  - Role P(operatingdev.phoenix.image#role) does all of it.
author:
  - the Phoenix authors (@operatingdev)
extends_documentation_fragment:
  - operatingdev.phoenix.aws
  - operatingdev.phoenix.environment
options:
  instance_type:
    description:
      - EC2 instance type of the builder. It must fit the architecture of the image.
    type: str
    default: t4g.small
  fallback_instance_types:
    description:
      - Instance types, in order, of which the builder is launched where no zone has
        O(instance_type).
    type: list
    elements: str
    default: []
  image_parameter:
    description:
      - Path of the Systems Manager parameter with the id of the image that the builder starts from.
    type: str
    default: /aws/service/debian/release/12/latest/arm64
  image_id:
    description:
      - Id of an image in the site's region, instead of O(image_parameter).
    type: str
    default: ""
  application:
    description:
      - Name of the application.
    type: str
    default: ""
  keep_images:
    description:
      - How many images of releases are kept, the newest of the site. Older ones are removed with
        their snapshots, but for those that a version in use of the launch template names, and the
        one of the release before. With 0 none is removed.
    type: int
    default: 0
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
  release:
    description:
      - The release that is on the builder.
    type: str
    default: ""
  recipe:
    description:
      - A digest of how the image is made besides the release, of 8 to 64 hexadecimal digits.
    type: str
    default: ""
  builder:
    description:
      - Whether there is a builder.
    type: bool
    default: false
  builder_hours:
    description:
      - After how many hours the builder ends itself, whatever becomes of who has launched it.
    type: int
    default: 2
  controller:
    description:
      - The network from which the builder is reached by ssh.
    type: str
    default: ""
  login_public_key:
    description:
      - Public key, of type ssh-ed25519, of who may log in to the builder.
    type: str
    default: ""
  host_key:
    description:
      - Private key by which the builder proves that it is the builder.
    type: str
    default: ""
  host_public_key:
    description:
      - The public key of O(host_key).
    type: str
    default: ""
  source_image:
    description:
      - Id of the image, in another region, that is copied.
    type: str
    default: ""
  source_region:
    description:
      - The region of O(source_image).
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: The site comes first
  operatingdev.phoenix.site:
    environment: production
    account_id: "123456789012"
    sites:
      home: {region: us-east-1, stands: home, cidr: 10.20.0.0/16}
    site: home
    traffic: {domain: www.example.org}

- name: A builder
  operatingdev.phoenix.image: &builder
    environment: production
    account_id: "123456789012"
    sites:
      home: {region: us-east-1, stands: home, cidr: 10.20.0.0/16}
    site: home
    builder: true
    controller: 198.51.100.7/32
    login_public_key: "{{ lookup('ansible.builtin.file', 'login.pub') }}"
    host_key: "{{ lookup('ansible.builtin.file', 'host') }}"
    host_public_key: "{{ lookup('ansible.builtin.file', 'host.pub') }}"
    allow_replace: [instance/builder]

- name: An image of it
  operatingdev.phoenix.image:
    <<: *builder
    application: crowdfund
    release: 1.4.0
    recipe: 0a1b2c3d

- name: No builder any more
  operatingdev.phoenix.image:
    environment: "{{ phoenix_environment }}"
    account_id: "{{ phoenix_account_id }}"
    sites: "{{ phoenix_sites }}"
    site: "{{ inventory_hostname }}"
"""

RETURN = r"""
actions:
  description: Every object that is created, changed, replaced or removed, or would be.
  returned: always
  type: list
  elements: dict
  sample:
    - address: instance/builder
      site: home
      tier: image
      kind: instance
      action: create
      changes: []
counts:
  description: How many objects there are of each action.
  returned: always
  type: dict
  sample: {create: 8, change: 0, replace: 0, destroy: 0}
known:
  description:
    - "Identifiers by address of everything that is there and usable, C(instance/builder) with its
      C(public_ip), and each image as C(image/<release>-<recipe>)."
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
from ..module_utils.tiers import image

ARGUMENTS = arguments(image.FIELDS)


def main() -> None:
    run_tier(image)


if __name__ == "__main__":
    main()
