# SPDX-License-Identifier: GPL-2.0
"""What level-1 nodes say to each other, written anew from the comments of
kmod/core/{beacon,frame,message}.h so that it doesn't share their mistakes."""
import socket
import struct

PORT = 7319
TEXT = b"I'm alive"
BEACON = "!9sBHHHIIQQIBBHQQIIQ16s"

LEADER, TETHERED, LEAVING, LISTENING, NOT_MEMBER = 1, 2, 4, 8, 16
CLAIM, ACCEPT, BUSY, INSTALL, LEAVE, PING, PONG = range(0x50460001, 0x50460008)
ADD, REMOVE = 0xffffffff, 0
FULL = 1
REASON_BUSY, REASON_FOREIGN, REASON_JOINED = 11, 12, 16

HELLO = "!BBHIQQQQIIQIIIIQB3xI"
RECORD = "!IHBBQIB3x"


def number(address):
    return struct.unpack("!I", socket.inet_aton(address))[0]


def cluster_id(name):
    """FNV-1a of 64 bits."""
    value = 0xcbf29ce484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001b3 % 2 ** 64
    return value


def beacon(address, cluster, incarnation=0x1234, version=1, length=None, flags=0,
           port=PORT, counter=1, interval=1000, priority=100, dead=5,
           seq=0, ring_incarnation=0, leader=0, members=1, subject=0,
           extra=b""):
    """A level-1 beacon. `length` is what it states; the truth by default."""
    if length is None:
        length = struct.calcsize(BEACON) + len(extra)
    return struct.pack(BEACON, TEXT, version, length, flags, port,
                       number(address), counter, incarnation, cluster,
                       interval, priority, dead, 0, seq, ring_incarnation,
                       leader, members, subject, b"") + extra


def frame(op, payload=b"", length=None):
    """A frame. `length` is what it states; the truth by default."""
    return struct.pack("!II", op,
                       len(payload) if length is None else length) + payload


def hello(op, address, cluster, incarnation=0x1234, version=1, priority=100,
          port=PORT, seq=0, ring_incarnation=0, leader=0, members=1, subject=0,
          interval=1000, max_nodes=256, reason=0, flags=0, seq_seen=None, votes=1,
          hold=0):
    """CLAIM, ACCEPT or BUSY."""
    return frame(op, struct.pack(HELLO, version, priority, port,
                                 number(address), incarnation, cluster, seq,
                                 ring_incarnation, leader, members, subject,
                                 interval, max_nodes, reason, flags,
                                 seq if seq_seen is None else seq_seen, votes,
                                 hold))


def parse_hello(payload):
    names = ("version", "priority", "port", "address", "incarnation",
             "cluster", "seq", "ring_incarnation", "leader", "members",
             "subject", "interval", "max_nodes", "reason", "flags",
             "seq_seen", "votes", "hold")
    size = struct.calcsize(HELLO)
    return dict(zip(names, struct.unpack(HELLO, payload[:size])))


def record(address, incarnation, port=PORT, priority=100, level=1,
           why=REASON_JOINED, votes=1):
    return struct.pack(RECORD, number(address), port, priority, level,
                       incarnation, why, votes)


def install(leader, incarnation, seq, records, flags=FULL, base=0,
            members=None, removes=0, adds=None, remove_size=16, add_size=24,
            length=None):
    """INSTALL. What isn't given fits the records."""
    adds = len(records) - removes if adds is None else adds
    members = adds if members is None else members
    return frame(INSTALL, struct.pack(
        "!QQIIQIIIIHHI", seq, incarnation, number(leader), flags, base, 0,
        members, removes, adds, remove_size, add_size, 0) + b"".join(records),
        length)


def ping(op, value):
    return frame(op, struct.pack("!QI", value, 0))
