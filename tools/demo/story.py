#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The story that 'make demo' tells. Runs in the guest; see demo.

Usage: story.py PFSNL always|never LIMIT

Every time it prints is that of an event as a watch or a monitor stamped it, or
of an order just before it was given. Each of them is a process, and one that has
to wait for a CPU stamps late; so what must have happened before something else
has the earlier stamp of the two. Status: 0 if all that it tells about was seen.
"""
import json
import os
import subprocess
import sys
import textwrap

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from cluster import Cluster, Failed  # noqa: E402
from recorder import Change, Recorder, Role  # noqa: E402
import vehicle  # noqa: E402

WIDTH = 78
SHOWN = 'node3'
# Between two steps: longer than a second wave would take.
QUIET = 0.5

INDENT = 14
INTRO = """\
pfsnl lets machines know which of them are there. Its kernel module finds the
others on the network, agrees with them on one list, and tells programs of
every change of it. Here you see it at work, on
{vehicle}.

Four nodes live in this virtual machine. Each is a network namespace: it has
an address and a cable of its own, and to the module it is a machine.

    node1 10.0.0.1 ----.
    node2 10.0.0.2 ----+---- switch
    node3 10.0.0.3 ----+
    node4 10.0.0.4 ----'   (joins later)

Each says "I'm alive" every 200 ms; one that is not heard 5 times in a row is
dead to the others (these are the defaults). On each node a program holds a
watch: the kernel tells it who is there, and then of each change. All four are
recorded and compared; that of node3 is shown, as 'pfsnl watch' prints it:
+ came,  - went.

Times are measured, by the clock of the watches, and count from the start of
each step."""


def several(words):
    words = list(words)
    return ' and '.join(filter(None, [', '.join(words[:-1]), words[-1]]))


def ms(span):
    """A span for a sentence."""
    return f'{round(span * 1000)} ms'


class Page:
    """Prints, as the story goes on."""

    def __init__(self, color):
        self.color = color      # 'always' or 'never'
        self._explained = set()

    def _styled(self, code, text):
        return f'\033[{code}m{text}\033[0m' if self.color == 'always' else text

    def line(self, text=''):
        print(text, flush=True)

    def text(self, text):
        self.line(textwrap.indent(text, '  '))

    def paragraph(self, text):
        self.text(textwrap.fill(text, WIDTH - 2))

    def heading(self, text, order):
        self.line('\n' + self._styled('1', text))
        self.line(self._styled('2', f'   # {order}'))

    def at(self, span, text, code=None):
        lines = textwrap.wrap(text, WIDTH - INDENT)
        for i, line in enumerate(lines):
            stamp = f'  {span:+8.3f} s  ' if not i else ' ' * INDENT
            self.line(self._styled('2', stamp) + (self._styled(code, line) if code else line))

    def explain(self, word, text):
        """What a word means, at its first use."""
        if word not in self._explained:
            self._explained.add(word)
            self.line(self._styled('36', f'{"":{INDENT}}{word}: {text}'))

    def result(self, text):
        for i, line in enumerate(textwrap.wrap(text, WIDTH - INDENT)):
            self.line(self._styled('1;32', f'{"=>" if not i else "":>{INDENT - 2}}  {line}'))

    def bad(self, text):
        for line in textwrap.wrap(text, WIDTH - INDENT):
            self.line(self._styled('1;31', f'{"!!":>{INDENT - 2}}  {line}'))


class Story:
    def __init__(self, pfsnl, page, limit):
        self.pfsnl, self.page, self.limit = pfsnl, page, limit
        self.cluster = Cluster(4)
        self.recorder = Recorder(pfsnl, self.cluster.nodes)
        self.views = self.recorder.views

    # what is seen

    def knows(self, node, members):
        """Whether the watch of the node has just these nodes."""
        return self.views[node].members == {self.cluster.address[m] for m in members}

    def agree(self, nodes):
        """Whether the watches of these nodes have just them, in one ring, led
        by one of them."""
        rings = {(self.views[node].seq, self.views[node].leader) for node in nodes}
        return (all(self.knows(node, nodes) for node in nodes) and len(rings) == 1 and
                rings <= {(seq, self.cluster.address[n]) for seq, _ in rings for n in nodes})

    def leader(self, node):
        return self.cluster.node[self.views[node].leader]

    def await_(self, what, true):
        if self.recorder.wait(true, self.limit):
            self.recorder.quiet(QUIET)
            if true():
                return
        have = '; '.join(f'{node} ({v.role}): {several(sorted(v.members)) if v.members else "nobody"}, '
                         f'ring {v.seq} of {v.leader}' for node, v in self.views.items())
        raise Failed(f'{what}: not seen within {self.limit} s. What the watches have: {have}')

    @staticmethod
    def when(events, kind, **wanted):
        """Time of the first such event."""
        for event in events:
            if isinstance(event, kind) and all(getattr(event, k) == v for k, v in wanted.items()):
                return event.at
        raise Failed(f'no event {kind.__name__} with {wanted} was seen')

    def leading(self, events, leader, nodes):
        """By when this node led, and by when it held a tether to all the others:
        the role says so, and so does a list, which comes down a tether."""
        listed = min(e.at for e in events if isinstance(e, Change) and e.nodes == len(nodes) and
                     e.leader == self.cluster.address[leader])
        tethered = min(listed, max(min(e.at for e in events if e.node == node and
                                       (isinstance(e, Change) or e.role == 'client'))
                                   for node in nodes if node != leader))
        return min(tethered, self.when(events, Role, node=leader, role='leader')), tethered

    @staticmethod
    def settled(events, nodes):
        """When the last of these nodes' watches was told the last change."""
        return max(e.at for e in events if isinstance(e, Change) and e.node in nodes)

    def compare(self, nodes):
        """The watches, added up, against the kernel's list."""
        for node in nodes:
            got = subprocess.run([self.pfsnl, '-N', node, 'peers', '--json'], stdout=subprocess.PIPE, check=True)
            peers = {peer['address'] for peer in json.loads(got.stdout)['peers']}
            if peers != self.views[node].members:
                raise Failed(f"{node}: the watch adds up to {self.views[node].members}, "
                             f"but 'pfsnl peers' gives {peers}")

    def node(self, node, *words):
        return subprocess.Popen([self.pfsnl, '-N', node, *words], stdout=subprocess.DEVNULL)

    @staticmethod
    def finish(processes):
        for process in processes:
            if process.wait():
                raise Failed(f'{" ".join(process.args)} failed with status {process.returncode}')

    # what is told

    def tell(self, events, start, extra=()):
        """Print, in the order of time, what the shown watch said, and other
        things that happened: (time, function that prints it, given the span)."""
        lines = list(extra)
        for event in events:
            if not isinstance(event, Change) or event.node != SHOWN:
                continue
            for address in event.addresses:
                lines.append((event.at, lambda span, e=event, a=address: self.told(span, e, a)))
        for at, line in sorted(lines, key=lambda pair: pair[0]):
            line(at - start)
        for flap in self.flaps(events):
            self.page.bad(flap)

    def told(self, span, event, address):
        sign, code = ('+', '32') if event.adding else ('-', '31')
        self.page.at(span, f'watch on {SHOWN}:  {sign} {address}   ring {event.seq}, '
                           f'leader {event.leader}, {event.nodes} nodes', code)
        self.page.explain('ring', 'one version of the list, numbered, the same on all nodes')

    def flaps(self, events):
        """Who was away for a moment for some watch, without a cause."""
        for node in self.cluster.nodes:
            gone = {}
            for event in events:
                if not isinstance(event, Change) or event.node != node:
                    continue
                for address in event.addresses:
                    if not event.adding:
                        gone[address] = event.at
                    elif address in gone:
                        yield (f'The watch on {node} lost {self.cluster.node[address]}, which was alive, '
                               f'for {ms(event.at - gone[address])}.')

    def plain(self, text):
        return lambda span: self.page.at(span, text)

    def explained(self, text, word, meaning):
        def line(span):
            self.page.at(span, text)
            self.page.explain(word, meaning)
        return line

    # the steps

    def start(self):
        nodes = self.cluster.nodes[:3]
        self.page.heading('1. Three nodes start', 'pfsnl up eth0          on node1, node2 and node3')
        self.finish([self.node(node, 'up', 'eth0') for node in nodes])
        self.await_('three nodes that see each other', lambda: self.agree(nodes))
        events = self.recorder.take()
        leader = self.leader(SHOWN)
        start = events[0].at
        lead, tethered = self.leading(events, leader, nodes)
        others = [node for node in nodes if node != leader]
        why = 'its address is the lowest' if leader == 'node1' else 'it was the first to be ready'
        self.tell(events, start, [
            (start, self.plain('they say "I\'m alive" quickly at first, and listen')),
            (lead, self.explained(f'{leader} leads: nobody did so far, and {why}',
                                  'leader', 'the node that keeps the list and gives it to the others')),
            (tethered,
             self.explained(f'{leader} holds a tether to {several(others)}', 'tether',
                            'TCP connection down which the leader sends the list')),
        ])
        self.formed = self.settled(events, nodes) - start
        last = max(self.when(events, Role, node=node, role='listening') for node in nodes)
        self.page.result(f'all three know each other {ms(self.formed)} after the first of them started'
                         + (f', {ms(start + self.formed - last)} after the last' if last > start else ''))

    def join(self):
        nodes = self.cluster.nodes
        self.page.heading('2. A fourth node joins', 'pfsnl up eth0          on node4')
        self.finish([self.node('node4', 'up', 'eth0')])
        self.await_('a fourth node that everybody sees', lambda: self.agree(nodes))
        events = self.recorder.take()
        start = events[0].at
        leader = self.leader(SHOWN)
        self.tell(events, start, [
            (start, self.plain('node4 says "I\'m alive" and listens')),
            (min(e.at for e in events if e.at > start and (isinstance(e, Change) or e.role == 'client')),
             self.plain(f'{leader} has heard it and holds a tether to it')),
        ])
        self.joined = self.settled(events, nodes) - start
        self.page.result(f'all four know each other {ms(self.joined)} after node4 started')

    def cut(self):
        nodes = self.cluster.nodes
        dead = self.dead = self.leader(SHOWN)
        if dead == SHOWN:
            raise Failed(f'{SHOWN} leads, whose watch is shown. Please run it again')
        rest = [node for node in nodes if node != dead]
        cable = self.cluster.cable(dead)
        self.page.heading('3. The leader dies: somebody pulls its cable', f'ip link set {cable} down')
        start = self.cluster.ip(f'link set {cable} down')
        self.await_('a new leader, and everybody but the old one in the list',
                    lambda: self.agree(rest) and self.leader(SHOWN) != dead and self.knows(dead, [dead]))
        events = self.recorder.take()
        leader = self.successor = self.leader(SHOWN)
        clients = [node for node in rest if node != leader]
        lead, tethered = self.leading(events, leader, rest)
        self.tell(events, start, [
            (start, self.plain(f'{dead} falls silent; nobody is told, TCP notices nothing either')),
            (lead,
             self.explained(f'{leader} heard no beacon of {dead} for 5 x 200 ms and leads: it is next in line', 'beacon',
                            'the datagram that says "I\'m alive"')),
            (tethered, self.plain(f'{leader} holds a tether to {several(clients)}')),
            (self.settled(events, [dead]), self.plain(f'{dead}, alone behind its cable, sees only itself')),
        ])
        self.lost = self.settled(events, rest) - start
        self.page.result(f'the other three agree on the new list {ms(self.lost)} after the cable was pulled')

    def heal(self):
        nodes, dead, cable = self.cluster.nodes, self.dead, self.cluster.cable(self.dead)
        self.page.heading('4. The cable is plugged in again', f'ip link set {cable} up')
        start = self.cluster.ip(f'link set {cable} up')
        self.await_('four nodes with one leader', lambda: self.agree(nodes))
        events = self.recorder.take()
        leader = self.leader(SHOWN)
        more = [(start, self.plain(f'two nodes believe that they lead, {dead} and {self.successor}'))]
        if leader != dead:
            more.append((min(self.when(events, Role, node=dead, role='client'),
                             min(e.at for e in events if isinstance(e, Change) and e.adding)),
                         self.plain(f'{dead} gives way to {leader}, which leads more nodes, and follows it')))
        self.tell(events, start, more)
        self.healed = self.settled(events, nodes) - start
        self.page.result(f'all four agree again {ms(self.healed)} after the cable was back, '
                         f'and {leader} goes on leading')

    def leave(self):
        nodes = self.cluster.nodes[:3]
        self.page.heading('5. A node leaves in good order', 'pfsnl down             on node4')
        process = self.node('node4', 'down')
        self.finish([process])
        self.await_('three nodes, and node4 down',
                    lambda: self.agree(nodes) and self.knows('node4', []) and self.views['node4'].role == 'down')
        events = self.recorder.take()
        self.when(events, Role, node='node4', role='leaving')
        start = events[0].at
        self.tell(events, start, [
            (start, self.plain('node4 says goodbye')),
            (self.when(events, Role, node='node4', role='down'), self.plain('node4 was answered, and is down')),
        ])
        self.left = self.settled(events, nodes) - start
        self.page.result(f'the other three know it {ms(self.left)} later: no need to wait for silence')

    def run(self):
        everybody = self.cluster.nodes
        if not self.recorder.wait(lambda: all(v.begun for v in self.views.values()), self.limit):
            raise Failed("'pfsnl watch' did not begin on every node")
        for step, nodes in ((self.start, everybody[:3]), (self.join, everybody), (self.cut, everybody),
                            (self.heal, everybody), (self.leave, everybody[:3])):
            step()
            self.compare(nodes)
        self.page.line()
        self.page.text(f"Who is there now, by 'pfsnl peers' on {SHOWN}:\n")
        self.page.text(subprocess.run([self.pfsnl, '-N', SHOWN, 'peers', f'--color={self.page.color}'],
                                      stdout=subprocess.PIPE, text=True, check=True).stdout.rstrip())
        self.page.line()
        self.page.paragraph(
            f'In short: three nodes became a cluster in {ms(self.formed)}, a fourth was one of them after '
            f'{ms(self.joined)}, a leader that died in silence was replaced within {ms(self.lost)}, it was '
            f'back in the list {ms(self.healed)} after its cable was, and a node that said goodbye was off it '
            f'{ms(self.left)} later. After each step the list on every node was compared with what its watch '
            'had told: they were the same.')


def main():
    pfsnl, color, limit = sys.argv[1:]
    page = Page(color)
    page.line()
    page.text(INTRO.format(vehicle=vehicle.words()))
    try:
        story = Story(pfsnl, page, int(limit))
        try:
            story.run()
        finally:
            story.recorder.close()
    except (Failed, subprocess.CalledProcessError) as e:
        page.line()
        page.bad(str(e))
        return 1
    return 0


sys.exit(main())
