# SPDX-License-Identifier: GPL-3.0-or-later
"""The VPCs of the emulated account as real networks.

Each VPC is a network namespace that routes (`router`), and everything with an address in it hangs
on a cable of its own there. Who may reach whom is decided in the router, out of the account alone:
a `picture.Picture` of VPCs, subnets, interfaces, groups and routes becomes rules of nftables
(`firewall`) and routes (`routing`), both by pure functions; `fabric.Fabric` puts them in force,
and `follower.Follower` does so whenever the account has changed.

Something that is to be reached in a VPC needs a network interface of the account with its address,
as on AWS; from it come its security groups and its public address. Without one nothing passes.

    fabric.attach(namespace, vpc_id, address)    # its card eth0, with a default route
    fabric.detach(namespace)
    fabric.router(vpc_id)                        # the name of the VPC's namespace
    fabric.join_internet(namespace, address)     # outside of all VPCs, as a customer is

Nothing here knows the emulator, and nothing leads to the machine's own network: the internet of a
sandbox is a namespace too.
"""
