# SPDX-License-Identifier: GPL-2.0
"""What tools/vm/run, segment and kernel-dir share.

kernel   which kernel a name means, and where its build directory is
image    Debian's kernel unpacked
initrd   the initial root of QEMU guests
accel    whether KVM really works
guest    one guest: its command line, life and death
stream   end marker in a guest's output
splat    what of a kernel log is a report of a fault
"""
import os

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Problem(Exception):
    """Something the user can put right; its text says how."""


def cache_dir(*parts):
    """A directory of the cache, made if need be."""
    base = os.environ.get('PFSNL_CACHE') or os.path.join(
        os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache'), 'pfsnl')
    path = os.path.join(base, *parts)
    os.makedirs(path, exist_ok=True)
    return path
