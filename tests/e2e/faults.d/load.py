# SPDX-License-Identifier: Apache-2.0
"""A steady stream of transactions that remembers every receipt it was given."""

import random
import statistics
import threading
import time

import ethereum
from network import Failure, Unreachable

CHAIN_ID = 5918
WINDOW = 40  # unanswered transactions of one account
RESEND_AFTER = 2.0


class Load(threading.Thread):
    """Sends as a client would: to any node that answers, and again elsewhere when no receipt comes."""

    def __init__(self, network, rate=40, seed=0):
        super().__init__(daemon=True)
        self.network, self.rate = network, rate
        self.random = random.Random(seed)
        self.receipts = {}  # hash -> (block number, block hash)
        self.latencies = []  # seconds from submission to receipt
        self.refused = []
        self.accounts = [{"key": key, "nonce": 0, "open": {}} for key in ethereum.DEV_KEYS]
        self.avoid = {}
        self.halt = threading.Event()
        self.draining = threading.Event()
        self.error = None
        self.sent = 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.halt.set()
        self.join(20)

    def node(self):
        now = time.monotonic()
        usable = [node for node in self.network.nodes if node.usable() and self.avoid.get(node.index, 0) < now]
        return self.random.choice(usable) if usable else None

    def ask(self, node, calls):
        try:
            return node.many(calls, 2.0)
        except (Unreachable, Failure):
            self.avoid[node.index] = time.monotonic() + 0.5
            return None

    def run(self):
        try:
            next_poll, owed, last = 0.0, 0.0, time.monotonic()
            while not self.halt.is_set():
                now = time.monotonic()
                owed, last = min(owed + (now - last) * self.rate, self.rate), now
                if not self.draining.is_set():
                    count, owed = int(owed), owed - int(owed)
                    self.send_new(count, now)
                if now >= next_poll:
                    self.poll(now)
                    self.resend(now)
                    next_poll = now + 0.2
                time.sleep(0.03)
        except Exception as error:  # told to the case, which fails
            self.error = error

    def send(self, items):
        node = self.node()
        if node is None or not items:
            return
        for (hash_, raw), answer in zip(items, self.ask(node, [("eth_sendRawTransaction", [raw]) for _, raw in items]) or []):
            if isinstance(answer, dict):
                text = str(answer["error"].get("message", answer))
                if "known" not in text and "nonce too low" not in text:
                    self.refused.append((node.name, hash_, text))

    def send_new(self, count, now):
        items = []
        for _ in range(count):
            account = self.random.choice(self.accounts)
            if len(account["open"]) >= WINDOW:
                continue
            to = self.random.randbytes(20)
            hash_, raw = ethereum.transfer(account["key"], CHAIN_ID, account["nonce"], to, 1 + account["nonce"])
            account["open"][hash_] = {"raw": raw, "sent": now, "again": now}
            account["nonce"] += 1
            self.sent += 1
            items.append((hash_, raw))
        self.send(items)

    def poll(self, now):
        waiting = [(account, hash_) for account in self.accounts for hash_ in list(account["open"])[:20]]
        node = self.node()
        if not waiting or node is None:
            return
        answers = self.ask(node, [("eth_getTransactionReceipt", [hash_]) for _, hash_ in waiting])
        for (account, hash_), answer in zip(waiting, answers or []):
            if answer and "error" not in answer:
                self.receipts[hash_] = (answer["blockNumber"], answer["blockHash"])
                self.latencies.append(time.monotonic() - account["open"].pop(hash_)["sent"])

    def resend(self, now):
        items = []
        for account in self.accounts:
            late = next(iter(account["open"].values()), None)
            if late and now - late["again"] > RESEND_AFTER:
                late["again"] = now
                items += [(hash_, item["raw"]) for hash_, item in account["open"].items()]
        self.send(items)

    def outstanding(self):
        return sum(len(account["open"]) for account in self.accounts)

    def drain(self, seconds=30):
        """No new transactions; waits until each has its receipt."""
        self.draining.set()
        deadline = time.monotonic() + seconds
        while self.outstanding() and not self.error:
            if time.monotonic() > deadline:
                refused = f"; refused: {self.refused[-1]}" if self.refused else ""
                raise Failure(f"{self.outstanding()} transactions have no receipt after {seconds} s{refused}")
            time.sleep(0.05)
        self.check_alive()

    def check_alive(self):
        if self.error:
            raise Failure(f"the load generator failed: {self.error!r}")

    def wait_receipts(self, count, seconds=30):
        goal, deadline = len(self.receipts) + count, time.monotonic() + seconds
        while len(self.receipts) < goal:
            self.check_alive()
            if time.monotonic() > deadline:
                raise Failure(f"{count} more receipts: not within {seconds} s (last refusal: {self.refused[-1:]})")
            time.sleep(0.05)

    def median_latency_ms(self):
        return 1000 * statistics.median(self.latencies) if self.latencies else 0

    def verify(self, nodes):
        """Every receipt that was given is still there, in the same block, on every node."""
        given = list(self.receipts.items())
        for node in nodes:
            for first in range(0, len(given), 200):
                part = given[first:first + 200]
                answers = node.many([("eth_getTransactionReceipt", [hash_]) for hash_, _ in part], 30)
                for (hash_, place), answer in zip(part, answers):
                    if not answer or "error" in answer:
                        raise Failure(f"{node.name} has lost the receipt of {hash_} in block {place[0]}: {answer}")
                    if (answer["blockNumber"], answer["blockHash"]) != place:
                        raise Failure(f"{node.name} has {hash_} in another block than {place}")
        return len(given)
