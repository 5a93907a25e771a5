# SPDX-License-Identifier: GPL-3.0-or-later
"""Real hosts behind the EC2 instances of the API, also those of Auto Scaling groups.

The shims tell `World.machines` what is to be done (`orders`) and are told when it is done. Without
real hosts time passes and nothing else happens (`interface.NoMachines`); with them
(`real.RealMachines`) each instance is a container with systemd, in a network namespace of its own
with the address of its network interface, and an image is a committed container. What an instance
asks about itself is answered by `metadata`, in the router of its VPC.
"""
