# SPDX-License-Identifier: Apache-2.0
"""What goes wrong while clients work: nodes killed, paused, cut off, with wrong clocks; one thing after the other,
now and then two, and now and then more than the network must bear: then it may stop, but never lie."""

import signal
import struct
import time


class Clocks:
    """The wall clock of each node, as a file that the preloaded library reads."""

    def __init__(self, paths):
        self.paths = paths
        for node in range(len(paths)):
            self.set(node, 0)

    def set(self, node, offset_ms):
        with open(self.paths[node], "r+b" if self._there(node) else "wb") as file:
            file.write(struct.pack("<q", offset_ms))

    def _there(self, node):
        try:
            with open(self.paths[node], "rb"):
                return True
        except FileNotFoundError:
            return False


class Nemesis:
    def __init__(self, network, links, clocks, random, start):
        self.network, self.links, self.clocks, self.random, self.start = network, links, clocks, random, start
        self.counts = {}
        self.kinds = [self.kill, self.pause, self.cut_off_one, self.cut_in_halves, self.skew, self.kill_all, self.pause_and_kill]

    def run(self, seconds, check):
        """Until so many seconds have passed; `check` is called often and ends it by raising."""
        deadline, order = time.monotonic() + seconds, []
        while time.monotonic() < deadline:
            if not order:  # each kind once before any comes again
                order = self.random.sample(self.kinds, len(self.kinds))
            kind = order.pop()
            self.counts[kind.__name__] = self.counts.get(kind.__name__, 0) + 1
            kind(lambda low, high: self.wait(self.random.uniform(low, high), check))
            self.wait(self.random.uniform(0.5, 2), check)
        self.heal()

    @staticmethod
    def wait(seconds, check):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            check()
            time.sleep(0.05)

    def one(self):
        return self.random.choice(self.network.nodes)

    def kill(self, wait):
        node = self.one()
        node.kill()
        wait(0.2, 3)
        self.start(node)

    def kill_all(self, wait):
        for node in self.network.nodes:
            node.signal(signal.SIGKILL)
        for node in self.network.nodes:
            node.process.wait()
        wait(0, 0.5)
        for node in self.network.nodes:
            self.start(node)

    def pause(self, wait):
        node = self.one()
        node.signal(signal.SIGSTOP)
        wait(1, 5)
        node.signal(signal.SIGCONT)

    def pause_and_kill(self, wait):
        """Two at once: nothing can become final until one is back."""
        paused, killed = self.random.sample(self.network.nodes, 2)
        paused.signal(signal.SIGSTOP)
        wait(0.1, 1)
        killed.kill()
        wait(0.5, 2)
        self.start(killed)
        paused.signal(signal.SIGCONT)

    def cut_off_one(self, wait):
        node = self.one().index
        self.links.cut([node], [other.index for other in self.network.nodes if other.index != node])
        wait(2, 5)
        self.links.heal()

    def cut_in_halves(self, wait):
        order = self.random.sample(range(len(self.network.nodes)), len(self.network.nodes))
        self.links.cut(order[:2], order[2:])
        wait(1, 3)
        self.links.heal()

    def skew(self, wait):
        """One clock jumps, up to minutes; a second one by less than a view."""
        far, near = self.random.sample(range(len(self.network.nodes)), 2)
        self.clocks.set(far, self.random.choice((-1, 1)) * self.random.randrange(1_000, 300_000))
        self.clocks.set(near, self.random.randrange(-50, 50))
        wait(2, 5)
        self.clocks.set(far, 0)
        self.clocks.set(near, 0)

    def heal(self):
        self.links.heal()
        for node in self.network.nodes:
            self.clocks.set(node.index, 0)
            node.signal(signal.SIGCONT)
            if not node.running():
                self.start(node)
