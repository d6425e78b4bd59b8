# SPDX-License-Identifier: Apache-2.0
"""Clients that move money between shared accounts, read balances, and remember when they asked and were told."""

import random
import threading
import time

import ethereum
from network import Failure, Unreachable

CHAIN_ID = 5918
GIVE_UP = 8.0  # seconds until the outcome of an operation is called unknown
ACCOUNTS = ["0x" + ethereum.address_of(key).hex() for key in ethereum.DEV_KEYS]


class Client(threading.Thread):
    """Owns one account, from which it sends; its transfers go to everybody's. One operation at a time."""

    def __init__(self, number, nodes, seed, begun):
        super().__init__(daemon=True)
        self.number, self.nodes, self.begun = number, nodes, begun
        self.random = random.Random(f"{seed}/{number}")
        self.account, self.key = ACCOUNTS[number], ethereum.DEV_KEYS[number]
        self.nonce = 0
        self.open = {}  # hash -> raw, of transactions that are not known to be final
        self.ops, self.error = [], None
        self.halt = threading.Event()

    def now(self):
        return time.monotonic() - self.begun

    def run(self):
        try:
            while not self.halt.is_set():
                kind = self.random.choices(("transfer", "read", "sync"), (6, 3, 1))[0]
                self.ops.append({"transfer": self.transfer, "read": self.read, "sync": self.sync}[kind]())
                time.sleep(self.random.uniform(0, 0.05))
        except Exception as error:  # told by the main thread
            self.error = error

    def node(self):
        return self.random.choice(self.nodes)

    def ask(self, node, calls):
        """None when nobody answers."""
        try:
            return node.many(calls, 1.0)
        except (Unreachable, Failure):
            return None

    def put_into_order(self, op, target, amount):
        """Sends until the receipt is there, to one node after the other, with those that still wait."""
        hash_, raw = ethereum.transfer(self.key, CHAIN_ID, self.nonce, bytes.fromhex(target[2:]), amount)
        self.nonce += 1
        self.open[hash_] = raw
        op["hash"], op["invoked"] = hash_, self.now()
        while True:
            node = self.node()
            waiting = list(self.open.items())
            calls = [("eth_sendRawTransaction", [item]) for _, item in waiting]
            calls += [("eth_getTransactionReceipt", [item]) for item, _ in waiting]
            answers = self.ask(node, calls) or []
            for (item, _), receipt in zip(waiting, answers[len(waiting):]):
                if not receipt or "error" in receipt:
                    continue
                del self.open[item]
                if item == hash_:
                    op.update(outcome="ok", completed=self.now(), height=int(receipt["blockNumber"], 16),
                              index=int(receipt["transactionIndex"], 16))
            if "outcome" in op:
                return node
            if self.now() - op["invoked"] > GIVE_UP or self.halt.is_set():
                op.update(outcome="unknown", completed=self.now())
                return None
            time.sleep(0.03)

    def transfer(self):
        target = self.random.choice([account for account in ACCOUNTS if account != self.account])
        amount = self.random.randrange(1, 10**6)
        op = {"kind": "transfer", "client": self.number, "from": self.account, "to": target, "amount": amount}
        self.put_into_order(op, target, amount)
        return op

    def show(self, op, node, height):
        """All balances after one height of one node."""
        calls = [("eth_getBalance", [account, hex(height)]) for account in ACCOUNTS]
        answers = self.ask(node, calls)
        op["completed"] = self.now()
        if answers is None or any(isinstance(answer, dict) for answer in answers):
            op["outcome"] = "unknown"
        else:
            op.update(outcome="ok", node=node.name, height=height,
                      balances={account: int(answer, 16) for account, answer in zip(ACCOUNTS, answers)})
        return op

    def read(self):
        """What one node shows now."""
        op, node = {"kind": "read", "client": self.number, "invoked": self.now()}, self.node()
        answers = self.ask(node, [("eth_blockNumber", [])])
        if not answers or isinstance(answers[0], dict):
            op.update(outcome="unknown", completed=self.now())
            return op
        return self.show(op, node, int(answers[0], 16))

    def sync(self):
        """A read through the order: a transaction that moves nothing, and the balances after its block."""
        op = {"kind": "sync", "client": self.number}
        node = self.put_into_order(op, self.account, 0)
        if node is not None:
            height, index = op["height"], op.pop("index")
            del op["outcome"]
            op["mark"] = [height, index]
            self.show(op, node, height)
        return op

    def settle(self, seconds):
        """After all faults: what is still open becomes final, whatever its operation was told."""
        deadline = time.monotonic() + seconds
        while self.open and time.monotonic() < deadline:
            node, waiting = self.node(), list(self.open.items())
            calls = [("eth_sendRawTransaction", [raw]) for _, raw in waiting]
            calls += [("eth_getTransactionReceipt", [hash_]) for hash_, _ in waiting]
            for (hash_, _), receipt in zip(waiting, (self.ask(node, calls) or [])[len(waiting):]):
                if receipt and "error" not in receipt:
                    del self.open[hash_]
            time.sleep(0.05)
        if self.open:
            raise Failure(f"client {self.number}: {len(self.open)} transactions are not final {seconds} s after all "
                          "faults ended")
