#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Level-0 peers, written from nothing but the description of 1998.

A peer says "I'm alive" over UDP, the bare nine bytes, again and again. A leader
that hears it connects to it. Down that connection come updates and nothing
else:

    | 4 bytes op | 4 bytes count | count x 4 bytes, IPv4 addresses |

in network byte order, where op is 0xffffffff for "add" and 0 for "remove". Each
byte is checked.

Usage: level0.py --to ADDRESS --self FIRST[-LAST] [--interval MS] [--rcvbuf N]

One process plays many peers: those with the addresses NET.FIRST to NET.LAST,
which this machine must have, where NET is that of --to. They are called by their
last number. Beacons begin with the command "speak". With --rcvbuf, connections
have as small a receive buffer as the kernel grants.

Each thing that happens is a line on standard output:

    101 tether 10.73.0.1            a leader connected
    101 add 1 2 101 = HEX           an update, and its bytes
    101 remove 2 = HEX
    101 closed                      the leader closed the connection
    101 WRONG ...                   a byte that should not be

Commands, a line each, PEERS being "101", "101-160" or "all":

    speak PEERS         begin to say that they are alive
    silence PEERS       stop it
    list PEER           -> "PEER list 1 2 101"
    deaf PEERS          stop reading, the beacons go on
    hear PEERS          read again
    fin PEERS           end our side of the connection (FIN)
    reset PEERS         the hard way (RST)
    send PEER HEX       say something that no peer should say
    tethered            -> "tethered 3 of 60": how many have a connection
"""
import argparse
import selectors
import socket
import struct
import sys
import time

PORT = 7319
ALIVE = b"I'm alive"
ADD = 0xffffffff
REMOVE = 0x00000000
LARGEST = 65536


def out(*words):
    print(*words, flush=True)


class Peer:
    """One level-0 peer: its voice, its ear and its list."""

    def __init__(self, world, number):
        self.world = world
        self.number = number
        self.address = f"{world.net}.{number}"
        self.speaks = False
        self.next_beacon = 0
        self.tether = None
        self.data = b""
        self.frames = 0
        self.have = set()
        self.deaf = False
        self.voice = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.voice.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self.voice.bind((self.address, 0))
        self.ear = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if world.rcvbuf:
            self.ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                world.rcvbuf)
        self.ear.bind((self.address, PORT))
        self.ear.listen(4)
        self.ear.setblocking(False)
        world.selector.register(self.ear, selectors.EVENT_READ, self.called)

    def say(self, *words):
        out(self.number, *words)

    def beacon(self, now):
        if self.speaks and now >= self.next_beacon:
            self.next_beacon = now + self.world.interval
            self.voice.sendto(ALIVE, (self.world.to, PORT))

    def called(self):
        """A leader connects. The newest connection counts."""
        tether, (address, _) = self.ear.accept()
        while self.tether and not self.deaf and self.heard():
            pass
        if self.tether:
            self.say("closed")
            self.drop()
        tether.setblocking(False)
        self.tether = tether
        self.data = b""
        self.frames = 0
        self.say("tether", address)
        if not self.deaf:
            self.hear()

    def hear(self):
        self.world.selector.register(self.tether, selectors.EVENT_READ,
                                     self.heard)

    def drop(self):
        if not self.tether:
            return
        if not self.deaf:
            self.world.selector.unregister(self.tether)
        self.tether.close()
        self.tether = None

    def wrong(self, *words):
        self.say("WRONG", *words)
        self.drop()

    def heard(self):
        """Take what came. Gives whether anything did."""
        try:
            data = self.tether.recv(65536)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            if self.data:
                self.wrong("the connection ends within", self.data.hex())
            else:
                self.say("closed")
            self.drop()
            return True
        self.data += data
        while self.tether and self.frame():
            pass
        return True

    def frame(self):
        """Take one update off the stream, if a whole one is there."""
        if len(self.data) < 8:
            return False
        op, count = struct.unpack("!II", self.data[:8])
        if op not in (ADD, REMOVE):
            self.wrong("op", hex(op), "in", self.data.hex())
            return False
        if not 0 < count <= LARGEST:
            self.wrong("count", count)
            return False
        end = 8 + 4 * count
        if len(self.data) < end:
            return False
        frame, self.data = self.data[:end], self.data[end:]
        addresses = [socket.inet_ntoa(frame[i:i + 4])
                     for i in range(8, end, 4)]
        if len(set(addresses)) != count:
            self.wrong("an address twice in", frame.hex())
            return False
        if self.fold(op == ADD, set(addresses)):
            self.say("add" if op == ADD else "remove",
                     *map(self.world.short, addresses), "=", frame.hex())
        self.frames += 1
        return True

    def fold(self, adding, addresses):
        """The list after it. A new leader doesn't know what we have: its first
        update names all nodes, and the next may remove what is gone since."""
        if adding:
            if self.frames and addresses & self.have:
                self.wrong("adds present", *(addresses & self.have))
                return False
            self.have |= addresses
            if not self.frames and self.address not in addresses:
                self.wrong("the first update leaves us out")
                return False
        else:
            if not self.frames:
                self.wrong("the first update removes")
                return False
            if self.frames > 1 and not addresses <= self.have:
                self.wrong("removes absent", *(addresses - self.have))
                return False
            self.have -= addresses
        return True

    def end(self, hard):
        if not self.tether:
            return
        if hard:
            self.tether.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   struct.pack("ii", 1, 0))
            self.drop()
        else:
            self.tether.shutdown(socket.SHUT_WR)


class World:
    """All peers of this process, the commands and the time."""

    def __init__(self, args):
        self.selector = selectors.DefaultSelector()
        self.to = args.to
        self.net = args.to.rsplit(".", 1)[0]
        self.interval = args.interval / 1000
        self.rcvbuf = args.rcvbuf
        first, _, last = args.self.partition("-")
        self.peers = {n: Peer(self, n)
                      for n in range(int(first), int(last or first) + 1)}
        self.commands = b""

    def short(self, address):
        net, number = address.rsplit(".", 1)
        return number if net == self.net else address

    def chosen(self, words):
        if words == "all":
            return list(self.peers.values())
        first, _, last = words.partition("-")
        return [self.peers[n] for n in range(int(first), int(last or first) + 1)]

    def command(self, line):
        word, *rest = line.split()
        if word == "tethered":
            out("tethered", sum(p.tether is not None
                                for p in self.peers.values()),
                "of", len(self.peers))
            return
        now = time.monotonic()
        for peer in self.chosen(rest[0]):
            if word == "speak":
                # one after the other, or a slow leader is asked for too much
                peer.speaks = True
                peer.next_beacon = now
                now += 0.01
            elif word == "silence":
                peer.speaks = False
            elif word == "list":
                peer.say("list", *sorted(map(self.short, peer.have), key=int))
            elif word == "deaf" and not peer.deaf:
                if peer.tether:
                    self.selector.unregister(peer.tether)
                peer.deaf = True
            elif word == "hear" and peer.deaf:
                peer.deaf = False
                if peer.tether:
                    peer.hear()
            elif word == "fin":
                peer.end(hard=False)
            elif word == "reset":
                peer.end(hard=True)
            elif word == "send":
                peer.tether.sendall(bytes.fromhex(rest[1]))

    def read_commands(self):
        data = sys.stdin.buffer.raw.read(4096)
        if not data:
            sys.exit(0)
        *lines, self.commands = (self.commands + data).split(b"\n")
        for line in lines:
            self.command(line.decode())

    def run(self):
        self.selector.register(sys.stdin, selectors.EVENT_READ,
                               self.read_commands)
        out("ready")
        while True:
            now = time.monotonic()
            for peer in self.peers.values():
                peer.beacon(now)
            wait = min((max(0, p.next_beacon - time.monotonic())
                        for p in self.peers.values() if p.speaks), default=None)
            for key, _ in self.selector.select(wait):
                # an event before may have closed what this one is about
                if key.fileobj.fileno() >= 0:
                    key.data()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--to", required=True)
    parser.add_argument("--self", required=True)
    parser.add_argument("--interval", type=int, default=200)
    parser.add_argument("--rcvbuf", type=int, default=0)
    World(parser.parse_args()).run()


main()
