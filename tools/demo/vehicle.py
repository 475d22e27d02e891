#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What a guest runs on, in words. As a program it prints them; --json: as data."""
import json
import os
import sys


def accelerator():
    """'kvm', 'tcg' (QEMU's software emulation) or 'uml' (User-Mode Linux)."""
    with open('/proc/cpuinfo', encoding='utf-8', errors='replace') as f:
        text = f.read()
    if 'User Mode Linux' in text:
        return 'uml'
    return 'tcg' if 'QEMU TCG' in text else 'kvm'


def words():
    how = {'kvm': 'KVM', 'tcg': 'QEMU, all software', 'uml': 'User-Mode Linux'}[accelerator()]
    cpus = os.cpu_count()
    return f'Linux {os.uname().release} ({how}; {cpus} CPU{"s" if cpus > 1 else ""})'


if __name__ == '__main__':
    if sys.argv[1:] == ['--json']:
        print(json.dumps({'kernel': os.uname().release, 'accelerator': accelerator(), 'cpus': os.cpu_count(),
                          'words': words()}))
    else:
        print(words())
