"""A network of this process's own, with nobody else in it: what listens there, listens to nobody outside."""

import contextlib
import ctypes
import fcntl
import os
import socket
import struct
from collections.abc import Iterator

NEW_NETWORK = 0x40000000  # CLONE_NEWNET of <sched.h>
SET_FLAGS, UP = 0x8914, 0x1  # SIOCSIFFLAGS and IFF_UP of <linux/if.h>


@contextlib.contextmanager
def own_network() -> Iterator[None]:
    """For this thread, and for threads and processes that it begins.

    **Raises:** `OSError` if that is not allowed here.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        if libc.unshare(NEW_NETWORK):
            raise OSError(ctypes.get_errno(), "no network of its own")
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
                fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh14x", b"lo", UP))
            yield
        finally:
            libc.setns(before, NEW_NETWORK)
    finally:
        os.close(before)
