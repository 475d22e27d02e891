# SPDX-License-Identifier: GPL-2.0
"""What the watches and monitors of all nodes say, with the times they give."""
import datetime
import json
import os
import selectors
import subprocess
import time
from dataclasses import dataclass, field


def seconds(stamp):
    """'2026-11-21T13:02:11.120456Z' as seconds since 1970."""
    return datetime.datetime.fromisoformat(stamp.replace('Z', '+00:00')).timestamp()


@dataclass
class Change:
    """One update that a watch was told."""
    at: float           # when the watch wrote it
    node: str           # whose watch
    adding: bool
    addresses: list
    seq: int            # ring, 0: no instance runs
    leader: str         # address or None
    nodes: int          # how many there are after it
    initial: bool


@dataclass
class Role:
    """A node changed its role."""
    at: float
    node: str
    role: str


@dataclass
class View:
    """What a node's watch and monitor told, added up."""
    members: set = field(default_factory=set)
    seq: int = 0
    leader: str = None
    role: str = 'down'
    begun: bool = False


class Recorder:
    """Keeps 'pfsnl watch' and 'pfsnl monitor' open on each node."""

    def __init__(self, pfsnl, nodes):
        self.events = []
        self.views = {node: View() for node in nodes}
        self._selector = selectors.DefaultSelector()
        self._processes = []
        for node in nodes:
            for what, take in (('watch', self._change), ('monitor', self._state)):
                process = subprocess.Popen([pfsnl, '-N', node, what, '--json'], stdout=subprocess.PIPE)
                self._processes.append(process)
                self._selector.register(process.stdout, selectors.EVENT_READ, [node, take, b''])

    def _change(self, node, line):
        view, ring = self.views[node], line['ring']
        view.begun = True
        if line['op'] == 'add':
            view.members.update(line['addresses'])
        else:
            view.members.difference_update(line['addresses'])
        view.seq, view.leader = ring['seq'], ring['leader']
        if line['addresses']:
            self.events.append(Change(seconds(line['time']), node, line['op'] == 'add', line['addresses'],
                                      ring['seq'], ring['leader'], line['nodes'], line['reason'] == 'initial'))

    def _state(self, node, line):
        view = self.views[node]
        if line['event'] == 'state' and line['state']['role'] != view.role:
            view.role = line['state']['role']
            self.events.append(Role(seconds(line['time']), node, view.role))

    def pump(self, timeout):
        """Take in what there is, waiting for it at most so many seconds; False
        if there was nothing."""
        ready = self._selector.select(max(timeout, 0))
        for key, _ in ready:
            data = os.read(key.fd, 65536)
            if not data:
                self._selector.unregister(key.fileobj)
                continue
            node, take, rest = key.data
            *lines, key.data[2] = (rest + data).split(b'\n')
            for line in lines:
                take(node, json.loads(line))
        return bool(ready)

    def wait(self, true, limit):
        """Wait until the function gives true, at most so many seconds."""
        end = time.monotonic() + limit
        while not true():
            left = end - time.monotonic()
            if left <= 0:
                return False
            self.pump(left)
        return True

    def quiet(self, span):
        """Wait until nothing came for so many seconds."""
        while self.pump(span):
            pass

    def take(self):
        """The events since the last call, in the order of their times."""
        events, self.events = sorted(self.events, key=lambda e: e.at), []
        return events

    def close(self):
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait()
