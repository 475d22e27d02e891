# SPDX-License-Identifier: GPL-2.0
"""The controller of a segment: owns its network namespace and its guests, and
does what the 'segment' command asks for over a socket in the directory.

Requests and answers are JSON objects, one a line; the last answer has "done".
"""
import base64
import ctypes
import functools
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import threading
import time
import traceback

from . import Problem, kernel, splat
from .guest import Guest, RunDir

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
MAX_GUESTS = 64
NET = '10.73.0'
IP = '/sbin/ip'
# A client that takes nothing for so long is given up, lest it holds up others.
CLIENT_SECONDS = 20


def address(index):
    return f'{NET}.{index}'


def _new_network(count):
    """Enter a network namespace of our own: a bridge, a tap device per guest,
    and no way out of it."""
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWNET | (CLONE_NEWUSER if uid else 0)):
        raise Problem(f'cannot make a network namespace: {os.strerror(ctypes.get_errno())}')
    if uid:
        for name, text in (('setgroups', 'deny'), ('uid_map', f'0 {uid} 1'), ('gid_map', f'0 {gid} 1')):
            with open(f'/proc/self/{name}', 'w', encoding='ascii') as f:
                f.write(text)
    for which in ('all', 'default'):
        path = f'/proc/sys/net/ipv6/conf/{which}/disable_ipv6'
        if os.path.exists(path):
            with open(path, 'w', encoding='ascii') as f:
                f.write('1')
    lines = ['link set lo up', 'link add br0 type bridge mcast_snooping 0 forward_delay 0',
             f'addr add {NET}.254/24 brd + dev br0', 'link set br0 up']
    for i in range(1, count + 1):
        lines += [f'tuntap add dev tap{i} mode tap', f'link set tap{i} master br0', f'link set tap{i} up']
    got = subprocess.run([IP, '-batch', '-'], input='\n'.join(lines), text=True, capture_output=True, check=False)
    if got.returncode:
        raise Problem(f'cannot set up the segment: {got.stderr.strip()}')


def _ended(fd, seconds=0):
    """Whether the process of a pidfd, or the other side of a socket, is gone
    (it says nothing else); waits for that up to SECONDS, None for ever."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(None if seconds is None else seconds * 1000))


def _one_at_a_time(method):
    """A method of Member that two clients must not run at once."""
    @functools.wraps(method)
    def locked(self, *args):
        with self.turn:
            return method(self, *args)
    return locked


class Member:
    """One guest of the segment, through all its boots."""

    def __init__(self, segment, index):
        self.segment, self.index = segment, index
        self.state = 'off'          # off, booting, on, paused, dead
        self.boots = 0
        self.guest = None
        self.dirs = []              # results of each boot
        self.cut = False
        self.turn = threading.RLock()
        self._pending = {}          # id of a command: what to do with its answers
        self._next = 0
        self._lock = threading.Lock()
        self._changed = threading.Condition()
        self._reader = None
        self._run_dir = None

    def _become(self, state):
        with self._changed:
            self.state = state
            self._changed.notify_all()

    @_one_at_a_time
    def boot(self):
        if self.state not in ('off', 'dead'):
            raise Problem(f'guest {self.index} is {self.state}')
        self.kill()
        seg = self.segment
        self.boots += 1
        out = os.path.join(seg.directory, f'guest{self.index}', f'boot{self.boots}')
        self._run_dir = RunDir()
        self.guest = Guest(
            seg.kernel, self._run_dir.path, out, mode='agent', memory=seg.memory, cpus=seg.cpus, append=seg.append,
            tap=f'tap{self.index}', mac=f'52:54:00:73:00:{self.index:02x}',
            settings={'address': f'{address(self.index)}/24', 'cwd': seg.cwd})
        self.dirs.append(out)
        self._become('booting')
        try:
            self.guest.start()
        except BaseException:
            self.kill()
            raise
        self._reader = threading.Thread(target=self._listen, args=(self.guest, self.guest.channel), daemon=True)
        self._reader.start()

    @_one_at_a_time
    def _boot_again(self):
        """Boot once more if it died before its init ran; the results of that,
        which don't count as a boot's, or None if there was nothing to do."""
        if self.state != 'dead' or not self.guest.died_booting():
            return None
        self.kill()
        died = os.path.join(self.segment.directory, f'guest{self.index}', f'died{self.boots}')
        shutil.rmtree(died, ignore_errors=True)
        os.rename(self.dirs.pop(), died)
        self.boots -= 1
        self.boot()
        return died

    def _wait_booted(self, seconds):
        with self._changed:
            self._changed.wait_for(lambda: self.state != 'booting', seconds)

    def wait_ready(self, seconds):
        """Until the agent answers, booting once more if it takes that, see
        _boot_again(), whose value it returns; Problem when that doesn't happen."""
        self._wait_booted(seconds)
        died = self._boot_again()
        if died:
            self._wait_booted(seconds)
        if self.state == 'booting':
            raise Problem(f'guest {self.index} did not come up in {seconds:g} s, see {self.dirs[-1]}')
        if self.state != 'on':
            raise Problem(f'guest {self.index} is {self.state}, see {self.dirs[-1]}')
        return died

    def _listen(self, guest, channel):
        """Thread: pass on what the guest's agent says until the guest ends."""
        rest = b''
        while True:
            try:
                data = channel.recv(65536)
            except OSError:
                data = b''
            if not data:
                break
            *lines, rest = (rest + data).split(b'\n')
            for line in lines:
                try:
                    message = json.loads(line)
                except ValueError:
                    print(f'guest {self.index}: not from the agent: {line!r}', flush=True)
                    continue
                if message.get('hello'):
                    self._become('on')
                    continue
                with self._lock:
                    take = self._pending.get(message['id'])
                    if 'status' in message:
                        self._pending.pop(message['id'], None)
                if take:
                    take(message)
        if guest is self.guest and self.state != 'off':
            self._become('dead')
        with self._lock:
            pending, self._pending = self._pending, {}
        for take in pending.values():
            take({'died': True})

    def send(self, **message):
        data = json.dumps(message).encode() + b'\n'
        with self._lock:
            channel = self.guest.channel if self.guest else None
            if channel is None:
                raise Problem(f'guest {self.index} is {self.state}')
            channel.sendall(data)

    def execute(self, argv, cwd, env, take):
        """Start a command; take() gets its messages. Returns its id."""
        if self.state not in ('on', 'paused'):
            raise Problem(f'guest {self.index} is {self.state}')
        with self._lock:
            self._next += 1
            number = self._next
            self._pending[number] = take
        env = {'PFSNL_GUEST': str(self.index), 'PFSNL_GUESTS': str(len(self.segment.members)), **env}
        self.send(op='exec', id=number, argv=argv, cwd=cwd, env=env)
        return number

    def forget(self, number):
        """Nobody waits for this command any more: end it."""
        with self._lock:
            if self._pending.pop(number, None) is None:
                return
        try:
            self.send(op='signal', id=number, signal=signal.SIGKILL)
        except (Problem, OSError):
            pass

    @_one_at_a_time
    def kill(self):
        """Power off at once."""
        guest = self.guest
        if guest is None:
            return
        self._become('off')
        guest.kill()
        if self._reader is not None:
            self._reader.join(5)
            self._reader = None
        self._run_dir.remove()
        self.guest = None

    @_one_at_a_time
    def pause(self, on):
        want = 'on' if on else 'paused'
        if self.state != want:
            raise Problem(f'guest {self.index} is {self.state}, not {want}')
        self.guest.signal(signal.SIGSTOP if on else signal.SIGCONT)
        self._become('paused' if on else 'on')

    @_one_at_a_time
    def set_cut(self, cut):
        subprocess.run([IP, 'link', 'set', f'tap{self.index}', 'down' if cut else 'up'], check=True)
        self.cut = cut

    def save_log(self):
        """Have the guest's whole kernel log in its results, if it can."""
        if self.state != 'on':
            return
        try:
            self.execute_to_file(['dmesg'], 'dmesg.txt').wait(10)
        except (Problem, OSError):
            pass

    def execute_to_file(self, argv, name):
        """Start a command whose output goes to a file of the boot's results;
        the event it returns is set once the command has ended."""
        done = threading.Event()
        f = open(os.path.join(self.dirs[-1], name), 'wb')  # pylint: disable=consider-using-with

        def take(message):
            if 'out' in message or 'err' in message:
                f.write(base64.b64decode(message.get('out') or message.get('err')))
                f.flush()
            else:
                f.close()
                done.set()

        self.execute(argv, self.segment.cwd, {}, take)
        return done

    def splats(self):
        """Pairs of a boot's number and a fault report in its logs."""
        found = []
        for number, directory in enumerate(self.dirs, 1):
            logs = []
            for name in ('dmesg.txt', 'console.txt'):
                path = os.path.join(directory, name)
                if os.path.exists(path):
                    with open(path, encoding='utf-8', errors='replace') as f:
                        logs.append(f.read())
            found += [(number, report) for report in splat.merge(*logs)]
        return found


class Segment:
    def __init__(self, directory, options):
        self.directory = directory
        self.kernel = kernel.resolve(options['kernel'])
        self.memory, self.cpus = options['memory'], options['cpus']
        self.append, self.cwd = options['append'], options['cwd']
        self.command = options['command']
        self.deadline = time.monotonic() + options['life']
        self.owner = os.pidfd_open(options['owner']) if options['owner'] else None
        self.members = [Member(self, i) for i in range(1, options['guests'] + 1)]
        self.stopping = threading.Event()
        self.listener = None

    def open(self):
        _new_network(len(self.members))
        # Relative, as the path of a socket may have 107 bytes only.
        os.chdir(self.directory)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind('control')
        self.listener.listen(64)
        with open('pid', 'w', encoding='ascii') as f:
            f.write(f'{os.getpid()}\n')

    def serve(self):
        """Until told to stop, or the time is over, or the owner is gone."""
        threading.Thread(target=self._accept, daemon=True).start()
        while not self.stopping.wait(0.2):
            why = None
            if time.monotonic() > self.deadline:
                why = 'the time limit (-t) is reached'
            elif self.owner is not None and _ended(self.owner):
                why = 'its owner is gone'
            elif not os.path.exists(os.path.join(self.directory, 'control')):
                why = 'its directory is gone'
            if why:
                print(f'stopping: {why}', flush=True)
                break
        self.close()

    def close(self):
        self.stopping.set()
        for m in self.members:
            m.kill()
        for name in ('control', 'pid'):
            try:
                os.unlink(os.path.join(self.directory, name))
            except FileNotFoundError:
                pass

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self._client, args=(client,), daemon=True).start()

    def _client(self, client):
        client.settimeout(CLIENT_SECONDS)
        lock = threading.Lock()

        def answer(**message):
            with lock:
                client.sendall(json.dumps(message).encode() + b'\n')

        try:
            with client, client.makefile('rb') as lines:
                request = json.loads(lines.readline() or '{}')
                op = getattr(self, 'op_' + str(request.pop('op', None)), None)
                try:
                    if op is None:
                        raise Problem('unknown request')
                    op(request, client, answer)
                except Exception as e:  # pylint: disable=broad-except
                    if not isinstance(e, (Problem, OSError, subprocess.CalledProcessError)):
                        traceback.print_exc()
                    answer(done=True, error=str(e) or repr(e))
        except (OSError, ValueError) as e:
            print(f'client: {e}', flush=True)

    def _chosen(self, request):
        wanted = request.get('guests') or [m.index for m in self.members]
        for i in wanted:
            if not 1 <= i <= len(self.members):
                raise Problem(f'no guest {i}; this segment has 1 to {len(self.members)}')
        return [self.members[i - 1] for i in wanted]

    def op_boot(self, request, _client, answer):
        chosen, start = self._chosen(request), time.monotonic()
        for m in chosen:
            m.boot()
        for m in chosen:
            died = m.wait_ready(request['seconds'])
            if died:
                answer(text=f'guest {m.index} died before its init ran, and was booted once more, see {died}')
            if self.command:
                m.execute_to_file(self.command, 'command.txt')
            answer(text=f'guest {m.index} is up ({address(m.index)}, {time.monotonic() - start:.1f} s)')
        answer(done=True)

    def _simple(self, request, answer, action):
        for m in self._chosen(request):
            action(m)
        answer(done=True)

    def op_kill(self, request, _client, answer):
        self._simple(request, answer, lambda m: m.kill())

    def op_pause(self, request, _client, answer):
        self._simple(request, answer, lambda m: m.pause(True))

    def op_resume(self, request, _client, answer):
        self._simple(request, answer, lambda m: m.pause(False))

    def op_cut(self, request, _client, answer):
        self._simple(request, answer, lambda m: m.set_cut(True))

    def op_heal(self, request, _client, answer):
        self._simple(request, answer, lambda m: m.set_cut(False))

    def op_status(self, _request, _client, answer):
        for m in self.members:
            answer(guest={'index': m.index, 'state': m.state, 'address': address(m.index),
                          'boots': m.boots, 'cut': m.cut, 'results': m.dirs[-1] if m.dirs else None})
        answer(done=True)

    def op_exec(self, request, client, answer):
        """Until the command has ended, or whoever asked for it is gone."""
        m = self._chosen(request)[0]
        over = threading.Event()

        def take(message):
            number = message.pop('id', None)
            last = 'died' in message or 'status' in message
            if last:
                over.set()
            try:
                answer(done=last, **message)
            except OSError:
                m.forget(number)

        number = m.execute(request['argv'], request['cwd'], request['env'], take)
        _ended(client, None)
        if not over.is_set():
            m.forget(number)

    def op_stop(self, _request, _client, answer):
        count = 0
        for m in self.members:
            m.save_log()
        for m in self.members:
            m.kill()
            for number, report in m.splats():
                count += 1
                answer(splat=f'guest {m.index}, boot {number}:\n{report}')
        answer(done=True, splats=count)
        self.stopping.set()
