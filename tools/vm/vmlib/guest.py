# SPDX-License-Identifier: GPL-2.0
"""One guest: from a kernel, a run directory and a command to a process."""
import fcntl
import glob
import os
import re
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from . import HERE, Problem, cache_dir, splat
from .accel import accelerator
from .image import unpacked
from .initrd import initrd

# Reports a guest leaves in its output directory.
REPORTS = ('dmesg.txt', 'console.txt', 'vmm.txt', 'status', 'uptime.start', 'uptime.end',
           'kmemleak.1', 'kmemleak.2', 'splats.txt', 'died.txt')
# The first words of guest/initramfs, on the console.
INIT_MARK = 'vm: init runs'
COMMON = ('panic=-1 oops=panic loglevel=5 log_buf_len=4M '
          'net.ifnames=0 dummy.numdummies=0 ifb.numifbs=0 rcupdate.rcu_cpu_stall_suppress_at_boot=1')


def free_cpu():
    """A CPU no other User-Mode Linux of this user is pinned to, the idlest of
    those, and the lock that says so (kept open as long as it is in use)."""
    def idle():
        with open('/proc/stat', encoding='ascii') as f:
            return {int(m[1]): int(m[2]) for m in
                    re.finditer(r'^cpu(\d+) \d+ \d+ \d+ (\d+)', f.read(), re.M)}

    before = idle()
    time.sleep(0.03)
    after = idle()
    cpus = sorted(os.sched_getaffinity(0), key=lambda c: before.get(c, 0) - after.get(c, 0))
    for cpu in cpus:
        fd = os.open(os.path.join(cache_dir('cpu'), str(cpu)), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return cpu, fd
        except BlockingIOError:
            os.close(fd)
    return cpus[0], None


class RunDir:
    """A guest's private directory below /tmp. Locked while in use, so that
    what a killed runner left behind is known and goes with the next one."""
    PREFIX = '/tmp/pfsnl-vm.'
    KEEP = '.keep'

    def __init__(self):
        self._sweep()
        self.path = tempfile.mkdtemp(prefix=os.path.basename(self.PREFIX), dir=os.path.dirname(self.PREFIX))
        self._fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(self._fd, fcntl.LOCK_EX)

    @classmethod
    def _sweep(cls):
        for path in glob.glob(cls.PREFIX + '*'):
            try:
                made = os.lstat(path)
                # Younger ones may be about to be locked.
                if made.st_uid != os.getuid() or time.time() - made.st_mtime < 60 or \
                        os.path.exists(os.path.join(path, cls.KEEP)):
                    continue
                fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            except OSError:
                continue
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            except BlockingIOError:
                pass
            finally:
                os.close(fd)

    def keep(self):
        with open(os.path.join(self.path, self.KEEP), 'w', encoding='ascii'):
            pass
        os.close(self._fd)

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._fd)


class Guest:
    """A guest that isn't running yet; see start().

    kernel    a kernel.Kernel
    run_dir   path of a RunDir; the guest reads its orders there
    out_dir   where results go, /out in the guest
    mode      'batch' (a command, output through a pipe), 'shell' (a command on
              a terminal), 'agent' (the segment's agent)
    command   text of a bash script
    settings  more shell variables for guest/main: cwd, address, kmemleak ...
    """

    def __init__(self, kernel, run_dir, out_dir, mode='batch', command='', memory=1024, cpus=2,
                 cpu=None, append='', virtual_time=False, tap=None, mac=None, settings=None):
        self.kernel, self.run_dir, self.out_dir = kernel, run_dir, os.path.realpath(out_dir)
        self.mode, self.command = mode, command
        self.memory, self.cpus, self.cpu, self.append = memory, cpus, cpu, append
        self.virtual_time, self.tap, self.mac = virtual_time, tap, mac
        self.settings = settings or {}
        self.token = secrets.token_hex(8)
        self.channel = None     # our end of the guest's console
        self.accel = 'uml'
        # Who isn't root sees host files of root as somebody else's, and so does
        # the guest: there, set-user-ID programs (mount) would lose rights.
        self.nosuid = ['pfsnl.nosuid'] if os.getuid() else []
        self._life = self._process = self._lock = None

    def _prepare(self):
        os.makedirs(self.out_dir, exist_ok=True)
        for name in REPORTS:
            try:
                os.unlink(os.path.join(self.out_dir, name))
            except FileNotFoundError:
                pass
        # No space or comma of the user's path may get into a command line.
        link = os.path.join(self.run_dir, 'out')
        if not os.path.lexists(link):
            os.symlink(self.out_dir, link)
        # Copies: somebody may edit the originals while the guest reads them.
        for name in ('main', 'init-uml', 'agent'):
            shutil.copy(os.path.join(HERE, 'guest', name), self.run_dir)
        job = {'token': self.token, 'mode': self.mode, 'cwd': os.getcwd(), **self.settings}
        if self.kernel.kind == 'uml':
            job.update(io='/dev/tty1', modules=self.kernel.modules)
        else:
            job.update(io='/dev/hvc0' if self.mode == 'shell' else '/dev/vport0p1')
        self._write('job', ''.join(f'{k}={shlex.quote(str(v))}\n' for k, v in job.items()))
        self._write('command', self.command)

    def _write(self, name, text):
        with open(os.path.join(self.run_dir, name), 'w', encoding='utf-8') as f:
            f.write(text)

    def _uml(self, fd):
        args = [self.kernel.image, f'mem={self.memory}M', 'root=/dev/root', 'rootfstype=hostfs',
                'rootflags=/', 'ro', f'init={self.run_dir}/init-uml', 'ssl=null', 'con=null',
                'con0=null,fd:2', f'con1=fd:{fd}', 'console=tty0', f'uml_dir={self.run_dir}/',
                'umid=uml', *COMMON.split(), f'pfsnl.run={self.run_dir}', f'pfsnl.out={self.run_dir}/out',
                *self.nosuid]
        if self.virtual_time:
            args.append('time-travel=inf-cpu')
        if self.settings.get('kmemleak'):
            args.append('kmemleak=on')
        if self.tap:
            args.append(f'eth0=tuntap,{self.tap},{self.mac}')
        return args + self.append.split()

    def _qemu(self, fd):
        self.accel = accelerator(self.kernel)
        image = self.kernel.image
        if self.accel != 'kvm':
            image = unpacked(image, self.kernel.version)
        port = 'virtconsole' if self.mode == 'shell' else 'virtserialport'
        args = ['qemu-system-x86_64', '-accel', self.accel,
                '-cpu', 'host' if self.accel == 'kvm' else 'max',
                '-smp', str(self.cpus), '-m', str(self.memory), '-nodefaults', '-no-user-config',
                '-display', 'none', '-no-reboot', '-kernel', image,
                '-initrd', initrd(self.kernel.version),
                # On a loaded host the software emulation fails the timer check.
                '-append', ' '.join(['console=ttyS0 no_timer_check', COMMON, f'pfsnl.run={self.run_dir}',
                                     *self.nosuid, self.append]),
                '-serial', f'file:{self.run_dir}/out/console.txt',
                '-device', 'virtio-serial-pci', '-chardev', f'socket,id=io,fd={fd}',
                '-device', f'{port},chardev=io', '-device', 'virtio-rng-pci',
                '-fsdev', 'local,id=root,path=/,security_model=none,readonly=on,multidevs=remap',
                '-device', 'virtio-9p-pci,fsdev=root,mount_tag=root',
                '-fsdev', f'local,id=out,path={self.run_dir}/out/,security_model=none',
                '-device', 'virtio-9p-pci,fsdev=out,mount_tag=out']
        if self.tap:
            args += ['-netdev', f'tap,id=net,ifname={self.tap},script=no,downscript=no',
                     '-device', f'virtio-net-pci,netdev=net,mac={self.mac},romfile=']
        return args

    def start(self):
        """Boot. Afterwards channel is a socket with what the guest says."""
        self._prepare()
        ours, theirs = socket.socketpair()
        life, self._life = os.pipe()
        cmd = [os.path.join(HERE, 'jail'), '--life', str(life), '--pidfile', f'{self.run_dir}/pid',
               '--write', self.run_dir, '--write', self.out_dir]
        if self.kernel.kind == 'uml':
            if self.cpu is None:
                self.cpu, self._lock = free_cpu()
            guest, log = self._uml(theirs.fileno()), 'console.txt'
        else:
            guest, log = self._qemu(theirs.fileno()), 'vmm.txt'
        if self.cpu is not None:
            cmd += ['--cpu', str(self.cpu)]
        try:
            with open(os.path.join(self.out_dir, log), 'wb') as f:
                self._process = subprocess.Popen(
                    cmd + ['--'] + guest, stdin=subprocess.DEVNULL, stdout=f, stderr=f,
                    pass_fds=(life, theirs.fileno()), cwd='/')
        except OSError as e:
            raise Problem(f'{cmd[0]}: {e}') from e
        finally:
            os.close(life)
            theirs.close()
        self.channel = ours

    def alive(self):
        return self._process is not None and self._process.poll() is None

    def signal(self, number):
        """Send a signal to the guest's own process (SIGSTOP, SIGCONT)."""
        with open(os.path.join(self.run_dir, 'pid'), encoding='ascii') as f:
            os.kill(int(f.read()), number)

    def kill(self):
        """Power off at once; returns when no process of the guest is left."""
        if self._life is not None:
            os.close(self._life)
            self._life = None
        if self._process is not None:
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGKILL)
                self._process.wait()
        if self.channel is not None:
            self.channel.close()
            self.channel = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def read(self, name):
        """Text of one of REPORTS, '' if the guest did not get that far."""
        try:
            with open(os.path.join(self.out_dir, name), encoding='utf-8', errors='replace') as f:
                return f.read()
        except FileNotFoundError:
            return ''

    def died_booting(self):
        """Whether a guest that is dead died in its kernel, emulated in software,
        before anything of ours ran there: QEMU 7.2 at times runs code while the
        kernel changes it. Such a boot says nothing about what was to be run."""
        console = self.read('console.txt')
        return self.accel.startswith('tcg') and bool(console.strip()) and INIT_MARK not in console

    def splats(self):
        """Fault reports of this boot, also written to splats.txt."""
        found = splat.merge(self.read('dmesg.txt'), self.read('console.txt'))
        if self.settings.get('kmemleak'):
            since = float(self.read('uptime.start') or 0)
            second = self.read('kmemleak.2')
            if second.startswith('vm:'):
                print(second.strip(), file=sys.stderr)
            found += splat.find_leaks(self.read('kmemleak.1'), second, since)
        if found:
            with open(os.path.join(self.out_dir, 'splats.txt'), 'w', encoding='utf-8') as f:
                f.write('\n\n'.join(found) + '\n')
        return found
