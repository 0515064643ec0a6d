"""How many connections this process can hold: each takes a descriptor."""

from __future__ import annotations

KEPT_BACK = 256
"""Descriptors for everything else: files, outgoing calls, connections that are being refused."""


def room_for(connections: int) -> int:
    """As many connections as were asked for, or as many as the system allows after our limit was raised.

    The soft limit is 1,024 on many systems; a process may raise its own up to the hard one (getrlimit(2)).
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + KEPT_BACK
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return connections
    return min(connections, max(soft - min(KEPT_BACK, soft // 2), 1))
