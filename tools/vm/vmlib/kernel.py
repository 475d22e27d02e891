# SPDX-License-Identifier: GPL-2.0
"""Which kernel a name given by the user means."""
import os
import re
import subprocess
from collections import namedtuple

from . import HERE, Problem

# kind: 'uml' or 'debian'; image: what is booted; modules: its module directory;
# build: where external modules are built against it
Kernel = namedtuple('Kernel', 'kind version image modules build')


def _uml():
    got = subprocess.run([os.path.join(HERE, 'build-uml'), '--print-dir'],
                         capture_output=True, text=True, check=False)
    if got.returncode:
        raise Problem(got.stderr.strip() or 'tools/vm/build-uml --print-dir failed')
    build = got.stdout.strip()
    with open(os.path.join(build, 'include/config/kernel.release'), encoding='ascii') as f:
        version = f.read().strip()
    return Kernel('uml', version, os.path.join(build, 'linux'),
                  os.path.join(build, 'root/lib/modules', version), build)


def _order(version):
    """Sort key: plain flavours before rt and cloud ones, then by the numbers."""
    plain = not re.search(r'-(rt|cloud)-', version)
    return plain, [int(n) for n in re.findall(r'\d+', version)]


def resolve(name):
    """The Kernel for 'uml', a series such as '6.12', or a full version."""
    if name == 'uml':
        return _uml()
    installed = [f[len('vmlinuz-'):] for f in os.listdir('/boot') if f.startswith('vmlinuz-')]
    if name in installed:
        version = name
    elif re.fullmatch(r'\d+\.\d+', name):
        fits = [v for v in installed if v.startswith(name + '.')]
        if not fits:
            raise Problem(f'no kernel {name}.* in /boot: run tools/setup vm')
        version = max(fits, key=_order)
    else:
        known = ', '.join(['uml', '6.1', '6.12'] + sorted(installed))
        raise Problem(f'no kernel {name!r}; known are: {known}')
    image = f'/boot/vmlinuz-{version}'
    if not os.access(image, os.R_OK):
        raise Problem(f'{image} is not readable: run as root, or chmod a+r {image}')
    modules = f'/lib/modules/{version}'
    return Kernel('debian', version, image, modules, modules + '/build')
