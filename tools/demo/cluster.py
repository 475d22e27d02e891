# SPDX-License-Identifier: GPL-2.0
"""Nodes as network namespaces, each with a cable to one switch."""
import subprocess
import time


class Failed(Exception):
    """Something that has to work did not; the text is for the user."""


def batch(orders, *options):
    done = subprocess.run(['ip', *options, '-batch', '-'], input='\n'.join(orders) + '\n',
                          text=True, check=False)
    if done.returncode:
        raise Failed('ip could not make the network, see above')


class Cluster:
    """Namespaces node1, node2, ... with eth0 = 10.0.0.1, 10.0.0.2, ...; the
    other end of the cable of nodeI is cableI, a port of the bridge 'switch'."""

    def __init__(self, count):
        self.nodes = [f'node{i}' for i in range(1, count + 1)]
        self.address = {node: f'10.0.0.{i}' for i, node in enumerate(self.nodes, 1)}
        self.node = {address: node for node, address in self.address.items()}
        orders = ['link add switch type bridge', 'link set switch up']
        for node in self.nodes:
            orders += [f'netns add {node}',
                       f'link add {self.cable(node)} type veth peer name eth0 netns {node}',
                       f'link set {self.cable(node)} master switch up']
        batch(orders)
        for node in self.nodes:
            batch(['link set lo up', f'address add {self.address[node]}/24 brd + dev eth0',
                   'link set eth0 up'], '-n', node)
        # One process for the cables, which is there when an order comes: the
        # time just before the order is the time of its effect.
        self._ip = subprocess.Popen(['ip', '-batch', '-'], stdin=subprocess.PIPE, bufsize=0)

    @staticmethod
    def cable(node):
        return node.replace('node', 'cable')

    def ip(self, order):
        """Have ip(8) do something; gives the time of it."""
        now = time.time()
        try:
            self._ip.stdin.write(order.encode() + b'\n')
        except BrokenPipeError as e:
            raise Failed(f'ip {order}: ip has given up') from e
        return now
