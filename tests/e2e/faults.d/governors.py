# SPDX-License-Identifier: Apache-2.0
"""Governors and operators who change a network's members and keys by the command line, as docs/operators/membership.md says."""

import json
import os
import pathlib
import subprocess

from network import Failure, Node, Unreachable, free_port_base, wait_for

EPOCH_SECONDS = 30


class Governors:
    """Of a network that runs; as many as `more` nodes may join it."""

    def __init__(self, network, more=1):
        self.network, self.binary, self.folder = network, network.binary, network.folder
        self.keystore = os.path.join(self.folder, "governors")
        self.password = os.path.join(self.keystore, "password")
        self.first = len(network.nodes)
        self.ports = free_port_base(more)

    def wusong(self, *arguments, code=0):
        done = subprocess.run([self.binary, *arguments], capture_output=True, text=True, check=False, timeout=60)
        if done.returncode != code:
            raise Failure(f"wusong {' '.join(arguments[:3])} ended with {done.returncode}: {done.stderr or done.stdout}")
        return done.stdout if code == 0 else done.stderr

    def node(self):
        return next(node for node in self.network.nodes if node.usable())

    @property
    def url(self):
        return f"http://127.0.0.1:{self.node().rpc_port}"

    def registry(self):
        return self.node().rpc("wusong_registry")

    def epoch(self, node=None):
        shown = (node or self.node()).rpc("wusong_epoch")
        return {"number": int(shown["epoch"], 16), "first": int(shown["first"], 16),
                "names": [one["name"] for one in shown["validators"]]}

    def govern(self, governor, *arguments):
        """One act of a governor, as JSON."""
        return json.loads(self.wusong(
            "validator", *arguments, "--from", governor, "--keystore", self.keystore,
            "--password-file", self.password, "--rpc", self.url, "--json"))

    def decide(self, *arguments):
        """Proposed by one governor and approved by as many as it takes. Waits until all who are there are in the new epoch."""
        before = self.registry()
        governors, needed = [one["governor"] for one in before["validators"]], int(before["threshold"], 16)
        said = self.govern(governors[0], *arguments)
        approvals = 1
        for governor in governors[1:]:
            if said["carriedOut"]:
                break
            said = self.govern(governor, "approve", str(said["proposal"]))
            approvals += 1
        if not said["carriedOut"] or approvals != needed or needed != len(governors) * 2 // 3 + 1:
            raise Failure(f"{approvals} approvals, {needed} needed, {said}")
        version = said["version"]

        def entered():
            try:
                members = self.registry()
                names = {one["name"] for one in members["validators"] + members["observers"]}
                there = [node for node in self.network.nodes if node.usable() and node.name in names]
                return all(int(node.rpc("wusong_epoch")["version"], 16) == version for node in there)
            except Unreachable:  # one whose node key is replaced opens itself again
                return False
        wait_for(f"epoch with version {version}", EPOCH_SECONDS, entered, 0.1)
        return approvals

    def make_node(self, index):
        port = self.ports + index - self.first
        folder = os.path.join(self.folder, f"node{index}")
        self.wusong("node", "create", "--folder", folder, "--name", f"node{index}",
                    "--genesis", os.path.join(self.folder, "genesis.json"),
                    "--like", self.network.nodes[-1].config,
                    "--network-listen", f"127.0.0.1:{port + 1000}", "--rpc-listen", f"127.0.0.1:{port}")
        node = Node(self.binary, folder, index, self.ports - self.first)
        made = self.wusong("account", "new", "--keystore", self.keystore, "--password-file", self.password, "--json")
        governor = json.loads(made)["address"]
        request = self.wusong("validator", "request", "--config", node.config, "--governor", governor)
        file = os.path.join(folder, "request.json")
        pathlib.Path(file).write_text(request, encoding="ascii")
        self.network.nodes.append(node)
        return node, file

    def grow(self, indices):
        """Nodes observe until they have the chain, and vote then."""
        made = [self.make_node(index) for index in indices]
        files = [file for _, file in made]
        self.decide("observe", "--request", *files)
        for node, _ in made:
            node.start()
        for node, _ in made:
            self.network.wait_caught_up(node)
        approvals = self.decide("add", "--request", *files)
        return f"{approvals} approvals, epoch {self.epoch()['number']}"

    def remove(self, *names):
        """Nobody asks them any more; they run until somebody stops them."""
        approvals = self.decide("remove", *names)
        for node in self.network.nodes:
            if node.name in names:
                node.paused = True
        return approvals

    def replace_keys(self, node, *kinds):
        """The keys of a running node: "validator" for its vote key, "node" for the one that its peers know it by."""
        for kind in kinds:
            self.wusong(kind, "next-key", "--config", node.config)
        request = self.wusong("validator", "request", "--next", "--config", node.config)
        file = os.path.join(node.folder, "next.json")
        pathlib.Path(file).write_text(request, encoding="ascii")
        self.decide("replace-key", "--request", file)
        wait_for(f"{node.name} votes by its new keys", 30, lambda: (node.health() or {}).get("role") == "validator")
        key = json.loads(request).get("nextNodeKey")
        known = [one["nodeKey"] for one in self.registry()["validators"] if one["name"] == node.name]
        if key and known != [key]:
            raise Failure(f"the registry names {known}, not {key}")

    def proposes(self, node):
        """Whether a block of this epoch is the node's."""
        epoch = self.epoch()
        if node.name not in epoch["names"]:
            return False
        calls = [("eth_getBlockByNumber", [hex(h), False]) for h in range(epoch["first"], self.node().height() + 1)]
        seat = epoch["names"].index(node.name)
        return any(block and int(block["wusong_proposer"], 16) == seat for block in self.node().many(calls[-200:]))
