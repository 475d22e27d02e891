# SPDX-License-Identifier: GPL-2.0
"""Whether KVM really works: on some machines /dev/kvm is there and a stock
kernel hangs under it, so only a boot that reached its end is believed."""
import fcntl
import os
import subprocess

from . import Problem, cache_dir
from .initrd import initrd

TCG = 'tcg,thread=multi,tb-size=512'
PROBE_SECONDS = 8
# What guest/initramfs makes of "pfsnl.probe": (42 << 1) | 1
PROBE_STATUS = 85


def _kvm_works(kernel):
    cmd = ['qemu-system-x86_64', '-accel', 'kvm', '-cpu', 'host', '-m', '512',
           '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot',
           '-device', 'isa-debug-exit,iobase=0xf4,iosize=0x04',
           '-kernel', kernel.image, '-initrd', initrd(kernel.version),
           '-append', 'quiet panic=-1 pfsnl.probe']
    try:
        got = subprocess.run(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL, timeout=PROBE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return False
    return got.returncode == PROBE_STATUS


def accelerator(kernel):
    """'kvm' or the software emulation, as QEMU's -accel wants it. PFSNL_ACCEL
    (kvm, tcg) overrides; the answer is kept until the machine boots anew."""
    forced = os.environ.get('PFSNL_ACCEL')
    if forced:
        if forced not in ('kvm', 'tcg'):
            raise Problem(f'PFSNL_ACCEL={forced}: kvm or tcg is wanted')
        return 'kvm' if forced == 'kvm' else TCG
    if not os.access('/dev/kvm', os.R_OK | os.W_OK):
        return TCG
    with open('/proc/sys/kernel/random/boot_id', encoding='ascii') as f:
        boot = f.read().strip()
    path = os.path.join(cache_dir('accel'), boot)
    with open(path, 'a+', encoding='ascii') as f:
        # One prober at a time; the others wait for what it finds.
        fcntl.flock(f, fcntl.LOCK_EX)
        f.seek(0)
        known = f.read().strip()
        if not known:
            known = 'kvm' if _kvm_works(kernel) else 'tcg'
            f.write(known + '\n')
    return 'kvm' if known == 'kvm' else TCG
