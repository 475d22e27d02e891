# SPDX-License-Identifier: GPL-2.0
"""The initial root of a QEMU guest: busybox, our script, the modules it takes
to reach the host's files. Made once per kernel and kept in the cache."""
import hashlib
import lzma
import os
import stat
import subprocess

from . import HERE, Problem, cache_dir

MODULES = ('virtio_pci', 'virtio_console', 'virtio_rng', '9pnet_virtio', '9p', 'overlay')
BUSYBOX = '/bin/busybox'


def _module_files(version):
    """Paths of MODULES and of what they need, in the order of loading."""
    paths = []
    for name in MODULES:
        got = subprocess.run(['/sbin/modprobe', '-S', version, '--show-depends', name],
                             capture_output=True, text=True, check=False)
        if got.returncode:
            raise Problem(f'modprobe -S {version} {name}: {got.stderr.strip()}')
        for line in got.stdout.splitlines():
            word = line.split()
            if word[0] == 'insmod' and word[1] not in paths:
                paths.append(word[1])
    return paths


def _load(path):
    with open(path, 'rb') as f:
        data = f.read()
    if path.endswith('.xz'):
        return lzma.decompress(data)
    if path.endswith('.ko'):
        return data
    raise Problem(f'{path}: cannot unpack this kind of module')


def _entry(ino, name, mode, data=b''):
    """One file of a cpio archive in the 'newc' form the kernel reads."""
    enc = name.encode() + b'\0'
    numbers = (ino, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(enc), 0)
    head = b'070701' + b''.join(b'%08X' % n for n in numbers) + enc
    head += b'\0' * (-len(head) % 4)
    return head + data + b'\0' * (-len(data) % 4)


def _archive(version, script):
    if not os.path.exists(BUSYBOX):
        raise Problem('busybox-static is not installed: run tools/setup vm')
    files = [(d, stat.S_IFDIR | 0o755, b'') for d in
             ('bin', 'dev', 'proc', 'sys', 'host', 'top', 'root', 'modules')]
    files.append(('init', stat.S_IFREG | 0o755, script))
    with open(BUSYBOX, 'rb') as f:
        files.append(('bin/busybox', stat.S_IFREG | 0o755, f.read()))
    order = []
    for path in _module_files(version):
        name = os.path.basename(path).split('.ko')[0] + '.ko'
        order.append(name)
        files.append((f'modules/{name}', stat.S_IFREG | 0o644, _load(path)))
    files.append(('modules/order', stat.S_IFREG | 0o644, ''.join(n + '\n' for n in order).encode()))
    files.append(('TRAILER!!!', 0, b''))
    return b''.join(_entry(i, *f) for i, f in enumerate(files, 1))


def initrd(version):
    """Path of the initial root for the Debian kernel VERSION."""
    with open(os.path.join(HERE, 'guest/initramfs'), 'rb') as f:
        script = f.read()
    try:
        dep = os.stat(f'/lib/modules/{version}/modules.dep')
        box = os.stat(BUSYBOX)
    except FileNotFoundError as e:
        raise Problem(f'{e.filename} is missing: run tools/setup vm') from e
    key = hashlib.sha256(script + repr((MODULES, dep.st_mtime_ns, box.st_mtime_ns)).encode())
    # Every user may have a version of the script, but only one is in use.
    path = os.path.join(cache_dir('initrd'), f'{version}-{key.hexdigest()[:12]}.cpio')
    if not os.path.exists(path):
        tmp = f'{path}.{os.getpid()}'
        with open(tmp, 'wb') as f:
            f.write(_archive(version, script))
        os.rename(tmp, path)
    return path
