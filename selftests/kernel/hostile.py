#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A stranger on the segment who breaks every rule there is.

Usage: hostile.py CLUSTER SELF NET

SELF is its main address, NET.101 to NET.199 are further ones. Commands come on
standard input; for each, one line on standard output tells what came of it:
"done KEY=VALUE ...", or "failed ..." when a node behaved as it should not.
What the nodes counted is for the caller to see.

    beacons KIND TARGET         datagrams to the beacon port; see Beacons
    connect KIND TARGET         connections to the tether port; see Callers
    node KIND ADDRESS TARGET    be a node that the leader dials; see Nodes
    lead KIND TARGET            be a leader that claims a free node; see Leaders
    bare TARGET                 the bare nine bytes
    crowd TARGET                beacons of nodes that aren't there
"""
import random
import socket
import struct
import sys
import time

import wire

LIMIT = 20


class Failed(Exception):
    pass


def tcp(source, target=None):
    """A connection from a source address to the tether port, or a listener."""
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.settimeout(LIMIT)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if target:
        s.bind((source, 0))
        s.connect((target, wire.PORT))
    else:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((source, wire.PORT))
        s.listen(4)
    return s


def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def send(s, data):
    """Send, though the other side may have closed already."""
    try:
        s.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        pass


def closed(s):
    """Wait until the other side closes. Gives what it said before."""
    said = b""
    try:
        while True:
            data = s.recv(4096)
            if not data:
                break
            said += data
    except ConnectionResetError:
        pass
    except socket.timeout:
        raise Failed("the node keeps the connection open") from None
    s.close()
    return said


def read_frame(s):
    data = b""
    try:
        while len(data) < 8 or len(data) < 8 + struct.unpack("!I", data[4:8])[0]:
            if len(data) < 8:
                more = s.recv(8 - len(data))
            else:
                more = s.recv(8 + struct.unpack("!I", data[4:8])[0] - len(data))
            if not more:
                raise Failed("the node closed the connection")
            data += more
    except ConnectionResetError:
        raise Failed("the node reset the connection") from None
    except socket.timeout:
        raise Failed("the node says nothing") from None
    return struct.unpack("!I", data[:4])[0], data[8:]


def expect(what, got, wanted):
    if got != wanted:
        raise Failed(f"{what} is {got!r}, not {wanted!r}")


class Beacons:
    """Datagrams; each method gives a list of them."""

    def __init__(self, stranger):
        self.own = stranger.own
        self.cluster = stranger.cluster

    def beacon(self, cluster=None, address=None, **fields):
        return wire.beacon(address or self.own,
                           self.cluster if cluster is None else cluster,
                           **fields)

    def truncated(self):
        """Every length but that of the bare nine bytes."""
        whole = self.beacon()
        return [whole[:n] for n in range(len(whole)) if n != 9]

    def stated(self):
        """Lengths that are not those stated."""
        return [self.beacon(length=n) for n in range(0, 96)] + \
            [self.beacon(length=n) for n in (97, 255, 256, 1400, 65535)]

    def oversized(self):
        """More than stated, and whole but beyond every buffer."""
        return [self.beacon(length=96, extra=bytes(n))
                for n in (1, 4, 159, 160, 161, 1000, 5000, 60000)] + \
            [self.beacon(extra=bytes(n)) for n in (161, 1000, 60000)]

    def longer(self):
        """Of a later version; those are fine, but of another cluster."""
        return [self.beacon(cluster=1, extra=bytes(n)) for n in (1, 64, 160)] + \
            [self.beacon(cluster=1, version=v) for v in (2, 255)]

    def absurd(self):
        """Well formed and impossible."""
        most = 0x3fffffffffffffff
        return [self.beacon(**fields) for fields in (
            {"version": 0}, {"port": 0}, {"incarnation": 0},
            {"address": "0.0.0.0"}, {"interval": 0}, {"interval": 9},
            {"interval": 10001}, {"interval": 0xffffffff},
            {"seq": most + 1}, {"seq": 2 ** 64 - 1}, {"seq": most},
            {"flags": wire.LEADER | wire.TETHERED}, {"flags": 0xffff})]

    def foreign(self):
        return [self.beacon(cluster=c) for c in
                (0, 1, self.cluster ^ 1, self.cluster ^ 1 << 63, 2 ** 64 - 1)]

    def spoofed(self):
        """An address that is not where it came from."""
        net = self.own.rsplit(".", 1)[0]
        return [self.beacon(address=a) for a in
                (net + ".1", net + ".2", net + ".250", net + ".255",
                 "127.0.0.1", "224.0.0.1", "255.255.255.255", "8.8.8.8")]

    def random(self):
        """Noise of all lengths; bare nine bytes can't come of it."""
        return [random.randbytes(random.randrange(300)) for _ in range(1000)] + \
            [wire.TEXT + random.randbytes(1 + random.randrange(86))
             for _ in range(1000)]

    def mangled(self):
        """Beacons of another cluster with some bytes changed; not the text, and
        not so that they become beacons of ours."""
        out = []
        for _ in range(1000):
            data = bytearray(self.beacon(cluster=1))
            for _ in range(1 + random.randrange(4)):
                data[9 + random.randrange(len(data) - 9)] = random.randrange(256)
            out.append(bytes(data))
        return out

    def talk(self):
        """What only a leader or a friend should say: none of it is true."""
        return [self.beacon(**fields) for fields in (
            {"flags": wire.LEAVING},
            {"flags": wire.TETHERED, "leader": 0xffffffff},
            {"flags": wire.NOT_MEMBER, "subject": 0x1234},
            {"flags": wire.NOT_MEMBER | wire.LEADER, "subject": 1},
            {"flags": wire.LEADER, "members": 0xffffffff, "priority": 255},
            {"flags": wire.LEADER, "members": 0, "priority": 0})]


class Callers:
    """Connections to the tether port of a node that follows or leads others."""

    def __init__(self, stranger):
        self.own = stranger.own
        self.cluster = stranger.cluster

    def call(self, target):
        return tcp(self.own, target)

    def claim(self, **fields):
        return wire.hello(wire.CLAIM, fields.pop("address", self.own),
                          fields.pop("cluster", self.cluster), **fields)

    def busy(self, s, reason, leader=None):
        """The answer to a claim that is refused."""
        op, payload = read_frame(s)
        answer = wire.parse_hello(payload)
        expect("the answer", op, wire.BUSY)
        expect("the reason", answer["reason"], reason)
        if leader:
            expect("the leader", answer["leader"], wire.number(leader))
        s.close()

    def malformed(self, target):
        """One connection for each thing to say; the node closes each."""
        claim = self.claim()
        things = [random.randbytes(1000), b"\xff" * 1000,
                  b"GET / HTTP/1.0\r\n\r\n"]
        for op in (wire.ADD, wire.REMOVE, wire.CLAIM, wire.ACCEPT, wire.BUSY,
                   wire.INSTALL, wire.LEAVE, wire.PING, wire.PONG, 0x50460008,
                   0x5046ffff):
            things.append(wire.frame(op, length=0xffffffff))
        things += [wire.frame(wire.INSTALL, bytes(100)),
                   wire.frame(wire.ADD, bytes(4), length=1),
                   wire.frame(0x50450001, bytes(8)),
                   wire.frame(0x50460099, length=(16 << 20) + 1),
                   wire.frame(wire.CLAIM),
                   wire.frame(wire.CLAIM, claim[8:-1]),
                   wire.frame(wire.CLAIM, length=257),
                   self.claim(version=0), self.claim(port=0),
                   self.claim(incarnation=0), self.claim(interval=0),
                   self.claim(interval=10001), self.claim(address="0.0.0.0"),
                   self.claim(address="127.0.0.1"),
                   self.claim(address=target), self.claim(seq=2 ** 63)]
        for i, thing in enumerate(things):
            s = self.call(target)
            send(s, thing)
            said = closed(s)
            if said:
                raise Failed(f"thing {i} was answered {said.hex()}")
        return {"malformed": len(things)}

    def unexpected(self, target):
        """Well formed, but not what one says first."""
        things = [wire.hello(wire.ACCEPT, self.own, self.cluster),
                  wire.hello(wire.BUSY, self.own, self.cluster),
                  wire.frame(wire.LEAVE, bytes(16)), wire.ping(wire.PING, 1),
                  wire.ping(wire.PONG, 1), wire.frame(wire.ADD),
                  wire.frame(wire.REMOVE), bytes(1000)]
        for thing in things:
            s = self.call(target)
            send(s, thing)
            said = closed(s)
            if said:
                raise Failed(f"answered {said.hex()}")
        return {"unexpected": len(things)}

    def halves(self, target):
        """Every beginning of a claim, and then no more."""
        claim = self.claim()
        for n in range(0, len(claim), 3):
            s = self.call(target)
            send(s, claim[:n])
            if n % 2:
                reset(s)
            else:
                s.close()
        return {"halves": len(range(0, len(claim), 3))}

    def stranger(self, target):
        """Claims of a leader whom nobody knows and who leads nobody."""
        for fields in ({}, {"members": 1, "priority": 255}, {"seq": 9}):
            s = self.call(target)
            send(s, self.claim(**fields))
            self.busy(s, wire.REASON_BUSY)
        return {"claims": 3}

    def foreign(self, target):
        """Claims of another cluster, or for another life of the node."""
        for fields in ({"cluster": 0}, {"cluster": self.cluster ^ 1},
                       {"subject": 1}):
            s = self.call(target)
            send(s, self.claim(**fields))
            self.busy(s, wire.REASON_FOREIGN)
        return {"claims": 3}

    def slow(self, target):
        """A claim byte by byte, after a frame of a later version."""
        s = self.call(target)
        for byte in wire.frame(0x50460099, b"xyz") + self.claim():
            send(s, bytes([byte]))
            time.sleep(0.001)
        self.busy(s, wire.REASON_BUSY)
        return {"claims": 1}

    def silent(self, target):
        """More than may wait at once, which never speak."""
        count = 40
        begin = time.monotonic()
        calls = []
        for _ in range(count):
            try:
                calls.append(self.call(target))
            except ConnectionResetError:
                pass    # refused as quickly as that
        opened = time.monotonic() - begin
        for s in calls:
            if closed(s):
                raise Failed("the node spoke first")
        return {"silent": count, "seconds": f"{opened:.1f}"}

    def endless(self, target):
        """One after the other, without end."""
        count = 300
        for i in range(count):
            try:
                s = self.call(target)
            except ConnectionResetError:
                continue
            if i % 3 == 0:
                send(s, random.randbytes(1 + random.randrange(7)))
            if i % 2:
                reset(s)
            else:
                s.close()
        return {"connections": count}


class Nodes:
    """A node that beacons, is dialled by the leader, and then misbehaves."""

    def __init__(self, stranger):
        self.cluster = stranger.cluster
        self.own = None

    def dialled(self, own, target):
        """Beacon until the leader has connected and said its claim."""
        self.own = own
        ear = tcp(own)
        ear.settimeout(0.5)
        voice = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        voice.bind((own, 0))
        end = time.monotonic() + LIMIT
        while True:
            if time.monotonic() > end:
                raise Failed("nobody dials")
            voice.sendto(wire.beacon(own, self.cluster), (target, wire.PORT))
            try:
                s, (address, _) = ear.accept()
                break
            except socket.timeout:
                pass
        ear.close()
        voice.close()
        expect("the caller", address, target)
        s.settimeout(LIMIT)
        op, payload = read_frame(s)
        claim = wire.parse_hello(payload)
        expect("what it says first", op, wire.CLAIM)
        expect("its address", claim["address"], wire.number(target))
        expect("its cluster", claim["cluster"], self.cluster)
        expect("the incarnation it means", claim["subject"], 0x1234)
        return s

    def answer(self, op=wire.ACCEPT, cluster=None, **fields):
        return wire.hello(op, fields.pop("address", self.own),
                          self.cluster if cluster is None else cluster,
                          **fields)

    def member(self, own, target):
        """Be accepted, up to and with the first list."""
        s = self.dialled(own, target)
        s.sendall(self.answer())
        op, payload = read_frame(s)
        expect("what it says next", op, wire.INSTALL)
        if struct.pack("!I", wire.number(own)) not in payload:
            raise Failed("the list leaves us out")
        return s

    def garbage(self, own, target):
        s = self.dialled(own, target)
        send(s, random.randbytes(500))
        closed(s)

    def half(self, own, target):
        """Half an answer, and then nothing any more."""
        s = self.dialled(own, target)
        send(s, self.answer()[:40])
        closed(s)

    def mute(self, own, target):
        closed(self.dialled(own, target))

    def hangup(self, own, target):
        self.dialled(own, target).close()

    def foreign(self, own, target):
        s = self.dialled(own, target)
        send(s, self.answer(cluster=1))
        closed(s)

    def other(self, own, target):
        """An answer in the name of somebody else."""
        s = self.dialled(own, target)
        send(s, self.answer(address=target))
        closed(s)

    def tiny(self, own, target):
        """Accepts, but has no room for the list."""
        s = self.dialled(own, target)
        send(s, self.answer(max_nodes=1))
        closed(s)

    def busy(self, own, target):
        s = self.dialled(own, target)
        send(s, self.answer(op=wire.BUSY, reason=wire.REASON_BUSY))
        closed(s)

    def list(self, own, target):
        """A member that gives its leader a list."""
        s = self.member(own, target)
        send(s, wire.install(own, 0x1234, 99, [wire.record(own, 0x1234)]))
        closed(s)

    def update(self, own, target):
        s = self.member(own, target)
        send(s, wire.frame(wire.REMOVE, socket.inet_aton(target), length=1))
        closed(s)

    def again(self, own, target):
        """A member that accepts once more."""
        s = self.member(own, target)
        send(s, self.answer())
        closed(s)

    def short(self, own, target):
        """A member whose goodbye is too short."""
        s = self.member(own, target)
        send(s, wire.frame(wire.LEAVE, bytes(15)))
        closed(s)

    def fin(self, own, target):
        """A member that just closes."""
        self.member(own, target).close()

    def ping(self, own, target):
        """A member that asks and says goodbye, as it should be."""
        s = self.member(own, target)
        s.sendall(wire.ping(wire.PING, 0x0123456789abcdef))
        while True:
            op, payload = read_frame(s)
            if op == wire.PONG:
                break
        expect("the number", payload[:8].hex(), "0123456789abcdef")
        s.sendall(wire.frame(wire.LEAVE, struct.pack("!IIQ", 4, 0, 0)))
        closed(s)


class Leaders:
    """A leader that claims a free node and then gives it lists."""

    def __init__(self, stranger):
        self.own = stranger.own
        self.cluster = stranger.cluster
        self.node = None
        self.seq = 1

    def claim(self, target):
        s = tcp(self.own, target)
        s.sendall(wire.hello(wire.CLAIM, self.own, self.cluster))
        op, payload = read_frame(s)
        expect("the answer", op, wire.ACCEPT)
        self.node = wire.parse_hello(payload)
        self.seq = max(self.seq, self.node["seq_seen"]) + 1
        return s

    def us(self, target):
        """The records of the claimed node and ourselves."""
        return [wire.record(target, self.node["incarnation"]),
                wire.record(self.own, 0x1234)]

    def install(self, records, **fields):
        return wire.install(fields.pop("leader", self.own),
                            fields.pop("incarnation", 0x1234),
                            fields.pop("seq", self.seq), records, **fields)

    def malformed(self, target):
        """Each of these ends the tether; the list stays what it was."""
        def bad(make):
            s = self.claim(target)
            send(s, make(self.us(target)))
            closed(s)

        i = self.install
        lists = [
            lambda us: i(us, members=3),
            lambda us: i(us, adds=3, members=3),
            lambda us: i(us, removes=1, adds=1),
            lambda us: i(us, remove_size=15),
            lambda us: i(us, add_size=23),
            lambda us: i(us, add_size=65),
            lambda us: i(us, add_size=0),
            lambda us: i(us, length=0xffffffff),
            lambda us: i(us, leader=target),
            lambda us: i(us, incarnation=1),
            lambda us: i(us, seq=0),
            lambda us: i(us, seq=2 ** 63),
            lambda us: i(us, flags=0, base=7),
            lambda us: i(us[1:]),
            lambda us: i(us + us[1:]),
            lambda us: i([us[1], wire.record(target, 1)]),
            lambda us: i(us + [wire.record("0.0.0.0", 1)]),
            lambda us: i(us + [wire.record("10.9.9.9", 1, port=0)]),
            lambda us: i(us + [wire.record("10.9.9.9", 0)]),
            lambda us: wire.frame(wire.INSTALL, bytes(55)),
            lambda us: wire.frame(wire.PING, bytes(11)),
            lambda us: wire.frame(wire.LEAVE, bytes(3)),
            lambda us: random.randbytes(200),
        ]
        for make in lists:
            bad(make)
        unexpected = [
            lambda us: wire.frame(wire.ADD, bytes(8), length=2),
            lambda us: wire.hello(wire.CLAIM, self.own, self.cluster),
            lambda us: wire.hello(wire.ACCEPT, self.own, self.cluster),
        ]
        for make in unexpected:
            bad(make)
        return {"malformed": len(lists), "unexpected": len(unexpected)}

    def huge(self, target):
        """Rings that are larger than the node can hold."""
        for count in (257, 4096, 0x7fffffff, 0xffffffff):
            s = self.claim(target)
            send(s, self.install(self.us(target), members=count, adds=count))
            closed(s)
        return {"huge": 4}

    def proper(self, target):
        """A list as it should be, then silence until the end."""
        s = self.claim(target)
        s.sendall(self.install(self.us(target)))
        s.sendall(wire.ping(wire.PING, 7))
        op, _ = read_frame(s)
        expect("the answer", op, wire.PONG)
        self.tether = s
        return {}

    def end(self, _target):
        reset(self.tether)
        return {}


class Stranger:
    def __init__(self, cluster, own, net):
        self.cluster = wire.cluster_id(cluster)
        self.own = own
        self.net = net
        self.voice = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.voice.bind((own, 0))
        self.nodes = Nodes(self)
        self.callers = Callers(self)
        self.leaders = Leaders(self)

    def beacons(self, kind, target):
        datagrams = getattr(Beacons(self), kind)()
        for i, datagram in enumerate(datagrams):
            self.voice.sendto(datagram, (target, wire.PORT))
            # let the node keep up: what it has no room for tells nothing
            if i % 20 == 19:
                time.sleep(0.005)
        return {"sent": len(datagrams)}

    def connect(self, kind, target):
        return getattr(self.callers, kind)(target)

    def node(self, kind, last, target):
        getattr(self.nodes, kind)(f"{self.net}.{last}", target)
        return {}

    def lead(self, kind, target):
        return getattr(self.leaders, kind)(target)

    def bare(self, target):
        """The nine bytes."""
        self.voice.sendto(wire.TEXT, (target, wire.PORT))

    def crowd(self, target):
        """Beacons of nodes that are not there."""
        for last in range(101, 200):
            own = f"{self.net}.{last}"
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.bind((own, 0))
                s.sendto(wire.beacon(own, self.cluster, incarnation=last),
                         (target, wire.PORT))
            time.sleep(0.002)
        return {"sent": 99}


def main():
    stranger = Stranger(*sys.argv[1:])
    seed = random.randrange(2 ** 32)
    random.seed(seed)
    print("ready", f"seed={seed}", flush=True)
    for line in sys.stdin:
        word, *rest = line.split()
        try:
            result = getattr(stranger, word)(*rest)
            print("done", *(f"{k}={v}" for k, v in result.items()) if result
                  else (), flush=True)
        except (Failed, OSError) as e:
            print("failed", e, flush=True)


main()
