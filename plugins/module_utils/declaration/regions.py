# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names of the regions of AWS's ordinary partition. Other partitions are out of scope.

Source: botocore 1.44.5, data/partitions.json (partition "aws", without the pseudo region
"aws-global") and data/route53/2013-04-01/service-2.json (shape CloudWatchRegion). A copy, because
a declaration is checked before the SDK is loaded, or where there is none; a test holds it to its
source.
"""

from __future__ import annotations

SOURCE = "1.44.5"
REGIONS = (
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "me-west-1",
    "mx-central-1",
    "sa-east-1",
    "sa-west-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
)
# Where Route 53 knows of no alarms. The switch between the sites is an alarm at the recovery site.
WITHOUT_SWITCH = ("me-west-1", "sa-west-1")
