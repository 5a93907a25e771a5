# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options by which a module reaches an AWS account, named as in amazon.aws."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment operatingdev.phoenix.aws."""

    DOCUMENTATION = r"""
options:
  profile:
    description:
      - A profile of the AWS configuration. A site's own C(sites.<name>.profile) comes before it.
    type: str
    aliases: [aws_profile]
  role_arn:
    description:
      - ARN of a role to assume. A site's own C(sites.<name>.role_arn) comes before it.
    type: str
  access_key:
    description:
      - An AWS access key. Better leave it to the profile or the environment.
    type: str
    aliases: [aws_access_key_id, aws_access_key]
  secret_key:
    description:
      - The secret that belongs to O(access_key).
    type: str
    aliases: [aws_secret_access_key, aws_secret_key]
  session_token:
    description:
      - The session token of temporary credentials.
    type: str
    aliases: [aws_session_token]
  endpoint_url:
    description:
      - URL of the API, where it is not that of AWS itself.
    type: str
    aliases: [aws_endpoint_url]
requirements:
  - boto3 >= 1.44.5
  - botocore >= 1.44.5
notes:
  - Where the connection is local the task runs in the controller's own process, which is about
    thirty times faster. There botocore must be importable by the Python that runs Ansible.
"""
