# SPDX-License-Identifier: Apache-2.0
"""The connections between nodes, through this process, so that they can be cut and healed at will.

Each node dials the others at ports of ours, one for each direction of each pair. A cut link swallows what is
sent and tells neither side, as when a cable is pulled.
"""

import socket
import threading

PIECE = 1 << 16


class Link:
    """Where one node dials another."""

    def __init__(self, pair, port):
        self.pair, self.port = frozenset(pair), port
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]


class Pipe:
    """A connection of a link: what comes at one end goes to the other."""

    def __init__(self, pair, ends):
        self.pair, self.ends = pair, ends
        self.torn = False  # bytes are missing: of no use any more

    def close(self):
        for end in self.ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # ended already
            end.close()


class Links:
    def __init__(self, ports):
        """`ports[i]` is where node i listens."""
        self.links = {(i, j): Link((i, j), port) for i in range(len(ports)) for j, port in enumerate(ports) if i != j}
        self.cut_pairs, self.swallowed = frozenset(), 0
        self.lock, self.pipes = threading.Lock(), set()
        for link in self.links.values():
            threading.Thread(target=self.accept, args=(link,), daemon=True).start()

    def address(self, dialler, target):
        return self.links[dialler, target].address

    def cut(self, one_side, other_side):
        self.cut_pairs = frozenset(frozenset((a, b)) for a in one_side for b in other_side)

    def heal(self):
        self.cut_pairs = frozenset()
        with self.lock:
            torn = [pipe for pipe in self.pipes if pipe.torn]
        for pipe in torn:
            pipe.close()

    def accept(self, link):
        while True:
            try:
                dialled, _ = link.listener.accept()
            except OSError:
                return  # stop() closed it
            if link.pair in self.cut_pairs:
                dialled.close()
                continue
            try:
                pipe = Pipe(link.pair, (dialled, socket.create_connection(("127.0.0.1", link.port), timeout=2)))
            except OSError:
                dialled.close()  # the node is down
                continue
            with self.lock:
                self.pipes.add(pipe)
            for source, target in (pipe.ends, pipe.ends[::-1]):
                source.settimeout(None)
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self.carry, args=(pipe, source, target), daemon=True).start()

    def carry(self, pipe, source, target):
        try:
            while data := source.recv(PIECE):
                if pipe.torn or pipe.pair in self.cut_pairs:
                    pipe.torn = True
                    self.swallowed += len(data)
                else:
                    target.sendall(data)
        except OSError:
            pass  # one of the ends is gone: both go
        pipe.close()
        with self.lock:
            self.pipes.discard(pipe)

    def stop(self):
        for link in self.links.values():
            link.listener.shutdown(socket.SHUT_RDWR)
            link.listener.close()
        with self.lock:
            pipes = list(self.pipes)
        for pipe in pipes:
            pipe.close()
