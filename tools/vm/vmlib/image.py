# SPDX-License-Identifier: GPL-2.0
"""Debian's kernel unpacked. The software emulation takes one to three seconds
of every boot for unpacking it, the host a fraction of one, once."""
import lzma
import os
import shutil
import struct
import subprocess

from . import cache_dir


def _payload(data):
    """The compressed kernel in a bzImage, by its boot header."""
    if data[0x202:0x206] != b'HdrS':
        return b''
    setup = (data[0x1f1] or 4) + 1
    start, length = struct.unpack_from('<II', data, 0x248)
    start += setup * 512
    return data[start:start + length]


def _unpack(payload):
    if payload.startswith(b'\xfd7zXZ\0'):
        return lzma.LZMADecompressor().decompress(payload)
    if payload.startswith(b'\x28\xb5\x2f\xfd') and shutil.which('zstd'):
        # the last four bytes are the kernel's note of the unpacked size
        return subprocess.run(['zstd', '-dcq'], input=payload[:-4], check=True,
                              capture_output=True).stdout
    return b''


def _forget(directory):
    """Remove what was made from kernels that are gone."""
    for name in os.listdir(directory):
        if not os.path.exists(f'/boot/vmlinuz-{name.rpartition("-")[0]}'):
            os.unlink(os.path.join(directory, name))


def unpacked(image, version):
    """Path of what IMAGE holds, from the cache; IMAGE itself where that isn't
    an ELF file that we can unpack (a boot takes longer then, no more)."""
    made = os.stat(image)
    path = os.path.join(cache_dir('image'), f'{version}-{made.st_mtime_ns:x}')
    if not os.path.exists(path):
        try:
            with open(image, 'rb') as f:
                elf = _unpack(_payload(f.read()))
        except (lzma.LZMAError, subprocess.CalledProcessError, struct.error):
            elf = b''
        if not elf.startswith(b'\x7fELF'):
            return image
        tmp = f'{path}.{os.getpid()}'
        with open(tmp, 'wb') as f:
            f.write(elf)
        os.rename(tmp, path)
        _forget(os.path.dirname(path))
    return path
