# SPDX-License-Identifier: Apache-2.0
"""A development network whose nodes are children of this process, to start, signal and question."""

import http.client
import json
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import time


class Failure(Exception):
    """What a case expected did not hold."""


class Skip(Exception):
    """This machine cannot run the case."""


class Unreachable(Exception):
    """A node did not answer."""


def wait_for(what, seconds, condition, every=0.05):
    """Polls until `condition()` is truthy and returns (its value, seconds it took)."""
    begun = time.monotonic()
    while True:
        value = condition()
        took = time.monotonic() - begun
        if value:
            return value, took
        if took > seconds:
            raise Failure(f"{what}: not within {seconds:g} s")
        time.sleep(every)


def free_port_base(count):
    """`count` RPC ports in a row and their peers' ports 1,000 higher, all free now."""
    for _ in range(200):
        base = random.SystemRandom().randrange(20_000, 30_000)
        sockets = []
        try:
            for port in [base + i for i in range(count)] + [base + 1000 + i for i in range(count)]:
                sockets.append(socket.socket())
                sockets[-1].bind(("127.0.0.1", port))
            return base
        except OSError:
            continue
        finally:
            for each in sockets:
                each.close()
    raise Failure("no free ports")


class Node:
    def __init__(self, binary, folder, index, port_base):
        self.binary, self.folder, self.index = binary, folder, index
        self.rpc_port, self.peer_port = port_base + index, port_base + 1000 + index
        self.process, self.paused = None, False
        self.log_from = 0

    @property
    def name(self):
        return f"node{self.index}"

    @property
    def data(self):
        return os.path.join(self.folder, "chain")

    @property
    def config(self):
        return os.path.join(self.folder, "node.toml")

    def allow_tls_alone(self):
        """Peers without a hybrid key exchange may speak too: the attackers here have none."""
        with open(self.config, encoding="utf-8") as stream:
            text = stream.read()
        if 'hybrid = "allowed"' not in text:
            with open(self.config, "w", encoding="utf-8") as stream:
                stream.write(text.replace("[network]\n", '[network]\nhybrid = "allowed"\n', 1))

    def start(self, environment=None):
        log = os.path.join(self.folder, "node.log")
        self.log_from = os.path.getsize(log) if os.path.exists(log) else 0
        with open(os.path.join(self.folder, "stderr.log"), "wb") as stderr:
            self.process = subprocess.Popen(
                [self.binary, "node", "run", "--config", self.config], stdin=subprocess.DEVNULL,
                stdout=stderr, stderr=stderr, start_new_session=True,
                env={**os.environ, **(environment or {})})
        self.paused = False

    def running(self):
        return self.process is not None and self.process.poll() is None

    def usable(self):
        return self.running() and not self.paused

    def signal(self, number):
        if self.running():
            self.process.send_signal(number)
        if number == signal.SIGSTOP:
            self.paused = True
        elif number == signal.SIGCONT:
            self.paused = False

    def wait(self, seconds):
        """The exit code, negative for a signal."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} has not ended within {seconds:g} s") from None

    def kill(self):
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def stop(self, seconds=20):
        self.signal(signal.SIGTERM)
        code = self.wait(seconds)
        if code != 0:
            raise Failure(f"{self.name} ended with {code} after SIGTERM: {self.last_words()}")

    def log(self):
        """What it logged since it was started last."""
        try:
            with open(os.path.join(self.folder, "node.log"), errors="replace") as file:
                if os.path.getsize(file.name) >= self.log_from:
                    file.seek(self.log_from)
                return file.read()
        except FileNotFoundError:
            return ""

    def stderr(self):
        with open(os.path.join(self.folder, "stderr.log"), errors="replace") as file:
            return file.read()

    def last_words(self):
        errors = [line for line in self.log().splitlines() if "level=error" in line]
        return (self.stderr().strip() or (errors[-1] if errors else "no word"))[-600:]

    def expect_refusal(self, words, seconds=20):
        """Ends by itself with an exit code of its own and names what is wrong. Returns its words."""
        code = self.wait(seconds)
        said = self.stderr() + self.log()
        if code <= 0:
            raise Failure(f"{self.name} ended with {code}, expected an error: {self.last_words()}")
        if not any(word in said for word in words):
            raise Failure(f"{self.name} said {self.last_words()!r}, expected {' or '.join(words)}")
        if self.stderr().count("\n") > 3:
            raise Failure(f"{self.name} said more than one error: {self.stderr()!r}")
        return code

    def post(self, body, timeout=5.0):
        connection = http.client.HTTPConnection("127.0.0.1", self.rpc_port, timeout=timeout)
        try:
            connection.request("POST", "/", json.dumps(body), {"content-type": "application/json"})
            return json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unreachable(f"{self.name}: {error!r}") from None
        finally:
            connection.close()

    def metrics(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.rpc_port, timeout=5)
        try:
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{self.name}: {error!r}") from None
        finally:
            connection.close()

    def rpc(self, method, *params, timeout=5.0):
        reply = self.post({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}, timeout)
        if "error" in reply:
            raise Failure(f"{self.name} {method}: {reply['error']}")
        return reply["result"]

    def many(self, calls, timeout=10.0):
        """One batch of (method, params): results in order, or the error objects as {"error": …}."""
        if not calls:
            return []
        body = [{"jsonrpc": "2.0", "id": i, "method": method, "params": params}
                for i, (method, params) in enumerate(calls)]
        reply = self.post(body, timeout)
        if not isinstance(reply, list):
            raise Failure(f"{self.name}: a batch was refused: {reply}")
        by_id = {item["id"]: item for item in reply}
        return [by_id[i]["result"] if "result" in by_id[i] else {"error": by_id[i]["error"]}
                for i in range(len(calls))]

    def health(self):
        """None while it does not answer."""
        try:
            return self.rpc("wusong_nodeHealth", timeout=2.0)
        except (Unreachable, Failure):
            return None

    def height(self):
        """-1 while it does not answer."""
        health = self.health()
        return health["height"] if health else -1

    def resident_mb(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) / 1024
        return 0


class Network:
    def __init__(self, binary, folder, validators=4, observers=0):
        self.binary, self.folder = binary, folder
        count = validators + observers
        self.port_base = free_port_base(count)
        made = subprocess.run(
            [binary, "network", "create", "--dev", "--folder", folder, "--port-base", str(self.port_base),
             "--validators", str(validators), "--observers", str(observers)],
            capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise Failure(f"network create: {made.stderr.strip()}")
        self.nodes = [Node(binary, os.path.join(folder, f"node{i}"), i, self.port_base) for i in range(count)]
        self.mounts = []

    def start(self, seconds=20):
        for node in self.nodes:
            if not node.running():
                node.start()
        self.wait_healthy(seconds)

    def wait_healthy(self, seconds=20):
        def ready():
            for node in self.nodes:
                if not node.running():
                    raise Failure(f"{node.name} ended: {node.last_words()}")
            return all((node.health() or {}).get("healthy") for node in self.nodes)
        return wait_for("every node healthy", seconds, ready)[1]

    def others(self, *nodes):
        return [node for node in self.nodes if node not in nodes]

    def head(self, nodes=None):
        return max(node.height() for node in nodes or self.nodes if node.usable())

    def wait_caught_up(self, node, seconds=30):
        """Until `node` has executed what the others had when this was called, and 2 blocks of the
        present. Returns the seconds it took."""
        def there():
            if not node.running():
                raise Failure(f"{node.name} ended while it caught up: {node.last_words()}")
            head = self.head(self.others(node))
            return 0 <= head <= node.height() + 2
        return wait_for(f"{node.name} catches up", seconds, there)[1]

    def wait_growth(self, nodes, blocks, seconds):
        """Until every one of `nodes` has `blocks` more than now. Returns the seconds it took."""
        goal = max(node.height() for node in nodes) + blocks

        def grown():
            for node in nodes:
                if not node.running():
                    raise Failure(f"{node.name} ended: {node.last_words()}")
            return all(node.height() >= goal for node in nodes)
        return wait_for(f"{blocks} more blocks", seconds, grown)[1]

    def settle(self, nodes=None, seconds=30):
        """Until all have the same executed head twice in a row. Returns it."""
        nodes, last = nodes or self.nodes, []

        def same():
            heights = [node.height() for node in nodes]
            last.append(heights)
            return heights[0] > 0 and len(set(heights)) == 1 and last[-2:-1] == [heights]
        wait_for("all heads agree", seconds, same, 0.2)
        return last[-1][0]

    def compare(self, nodes=None):
        """Every block of every node: hashes and roots must agree. Returns the common head."""
        nodes = nodes or self.nodes
        common = min(node.height() for node in nodes)
        if common < 1:
            raise Failure("a node does not answer or has no block")
        for first in range(0, common + 1, 200):
            calls = [("eth_getBlockByNumber", [hex(h), False]) for h in range(first, min(first + 200, common + 1))]
            expected = None
            for node in nodes:
                seen = []
                for i, block in enumerate(node.many(calls, 30)):
                    if not block or "error" in block:
                        raise Failure(f"{node.name} has no block {first + i}: {block}")
                    seen.append((block["hash"], block["stateRoot"], block["receiptsRoot"], len(block["transactions"])))
                if expected is None:
                    expected = seen
                for i, (ours, theirs) in enumerate(zip(expected, seen)):
                    if ours != theirs:
                        raise Failure(f"block {first + i} differs: {nodes[0].name} {ours}, {node.name} {theirs}")
        return common

    def pace(self, node, first, last):
        """(median, longest) milliseconds between the blocks of a range of heights, once `node` has them."""
        wait_for(f"{node.name} has block {last}", 30, lambda: node.height() >= last)
        calls = [("eth_getBlockByNumber", [hex(h), False]) for h in range(max(first, 1), last + 1)]
        times = []
        for i in range(0, len(calls), 200):
            times += [int(str(block["wusong_timestampMs"]), 0) for block in node.many(calls[i:i + 200], 30)]
        gaps = [b - a for a, b in zip(times, times[1:])]
        if not gaps:
            raise Failure(f"no blocks between heights {first} and {last}")
        return statistics.median(gaps), max(gaps)

    def close(self, keep):
        for node in self.nodes:
            node.signal(signal.SIGCONT)
            node.kill()
        for mount in self.mounts:
            subprocess.run(["umount", "-l", mount], check=False, capture_output=True)
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)
