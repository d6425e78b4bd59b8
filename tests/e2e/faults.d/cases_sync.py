# SPDX-License-Identifier: Apache-2.0
"""Nodes that join by a snapshot, nodes that forget, nodes with headers alone, chains in files."""

import json
import os
import random
import re
import shutil
import subprocess
import time
import types

import ethereum
from load import Load
from network import Failure, wait_for

ALICE = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
PRUNED = 4444


def configure(node, **keys):
    """Sets `section__key` in a node's file."""
    with open(node.config, encoding="utf-8") as file:
        text = file.read()
    for name, value in keys.items():
        section, key = name.split("__")
        written = f'"{value}"' if isinstance(value, str) else str(value).lower()
        text, count = re.subn(rf"(\[{section}\][^\[]*?\n{key} = )[^ #\n]+", rf"\g<1>{written}", text)
        if count != 1:
            raise Failure(f"{node.config} has no {section}.{key}")
    with open(node.config, "w", encoding="utf-8") as file:
        file.write(text)


def refusal(node, method, *params):
    """(code, message) of a call that must be refused."""
    reply = node.post({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
    if "error" not in reply:
        raise Failure(f"{node.name} answered {method}{params}: {str(reply)[:200]}")
    return reply["error"]["code"], reply["error"]["message"]


def grow(network, nodes, height, load_rate=80):
    """Until the chain has so many blocks, with transactions in them."""
    load = Load(types.SimpleNamespace(nodes=nodes), rate=load_rate)
    for account in load.accounts:  # an earlier load has used them
        account["nonce"] = int(nodes[0].rpc("eth_getTransactionCount", "0x" + ethereum.address_of(account["key"]).hex(), "latest"), 16)
    with load:
        wait_for(f"height {height}", 90, lambda: network.head(nodes) >= height, 0.2)
        load.drain(60)


def joins_by_snapshot(case):
    """Two empty machines: one fetches the state undisturbed, one is killed again and again."""
    network = case.network(validators=4, observers=2)
    late, killed = network.nodes[4:]
    for node in network.nodes[:4]:
        configure(node, prune__bodies=300, prune__receipts=300, prune__states=200)
        node.start()
    for node in (late, killed):
        configure(node, sync__gap=100)
    wait_for("the validators are healthy", 20,
             lambda: all((node.health() or {}).get("healthy") for node in network.nodes[:4]))
    grow(network, network.nodes[:4], 500)
    code, message = refusal(network.nodes[0], "eth_getBlockByNumber", "0x5", False)
    if code != PRUNED or "ask an archive node" not in message:
        raise Failure(f"a pruned block was refused with {code}: {message}")
    late.start()
    took = network.wait_caught_up(late, 60)
    if "event=snapshot_done" not in late.log():
        raise Failure(f"{late.name} did not join by a snapshot: {late.log()[-600:]}")
    killed.start()
    kills = 0
    while kills < 4 and "event=snapshot_done" not in killed.log():
        time.sleep(random.Random(case.seed + kills).uniform(0.05, 0.6))
        killed.kill()
        killed.start()
        kills += 1
    network.wait_caught_up(killed, 60)
    grow(network, network.nodes, network.head() + 30)
    network.settle()
    same = {node.rpc("eth_getProof", ALICE, [], "latest")["balance"] for node in network.nodes}
    if len(same) != 1:
        raise Failure(f"balances differ: {same}")
    return f"joined at {late.height()} in {took:.1f} s; another with {kills} kills; states equal"


def pruned_and_light(case):
    """What is forgotten is refused by name, what stays is found; a light node proves and refuses."""
    network = case.network(validators=4, observers=1)
    light, pruned, archive = network.nodes[4], network.nodes[0], network.nodes[1]
    configure(light, node__role="light")
    configure(pruned, prune__bodies=400, prune__receipts=300, prune__states=50)
    configure(archive, prune__states=0)
    for node in network.nodes:
        node.start()
    network.wait_healthy()
    grow(network, network.nodes[:4], 520)
    head = network.settle(network.nodes[:4])
    wait_for("old blocks are forgotten", 20,
             lambda: int(pruned.rpc("wusong_chainInfo")["oldestBlock"], 16) > 100)
    # Of a block without transactions there is nothing to forget.
    old = next(height for height in range(head - 350, 0, -1)
               if archive.rpc("eth_getBlockTransactionCountByNumber", hex(height)) != "0x0")
    for method, params, ours in [
            ("eth_getBlockByNumber", ["0x10", True], "transactions"),
            ("eth_getBlockReceipts", [hex(old)], "receipts"),
            ("eth_getLogs", [{"fromBlock": "0x1", "toBlock": "0x9"}], "receipts"),
            ("eth_getBalance", [ALICE, "0x10"], "states")]:
        code, message = refusal(pruned, method, *params)
        if code != PRUNED or ours not in message or "archive node" not in message:
            raise Failure(f"{method} was refused with {code}: {message}")
        archive.rpc(method, *params)
    if pruned.rpc("debug_getRawHeader", "0x10") != archive.rpc("debug_getRawHeader", "0x10"):
        raise Failure("headers differ")
    wait_for("the light node follows", 30, lambda: light.height() >= head - 10)
    proved = light.rpc("eth_getProof", ALICE, [], hex(head - 20), timeout=15)
    if proved != archive.rpc("eth_getProof", ALICE, [], hex(head - 20)):
        raise Failure("the light node's proof is another one")
    code, message = refusal(light, "eth_getBlockByNumber", "latest", False)
    if code != -32601 or "headers and proofs" not in message:
        raise Failure(f"the light node refused with {code}: {message}")
    light.rpc("wusong_finalityProof", hex(head - 20))
    return f"four kinds of refusal at height {head}, proofs and headers from a light node"


def run_chain(case, *arguments, code=0):
    done = subprocess.run([case.binary, "chain", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != code:
        raise Failure(f"chain {arguments[0]} ended with {done.returncode}: {done.stderr.strip()[-400:]}")
    return done.stdout if code == 0 else done.stderr


def chain_in_a_file(case):
    """Exported while the node runs, continued, verified, imported elsewhere; torn and forged refused."""
    network = case.network(validators=4, observers=1)
    spare = network.nodes[4]
    for node in network.nodes[:4]:
        node.start()
    wait_for("the validators are healthy", 20,
             lambda: all((node.health() or {}).get("healthy") for node in network.nodes[:4]))
    grow(network, network.nodes[:4], 150)
    genesis = os.path.join(network.folder, "genesis.json")
    file = os.path.join(case.folder, "city.chain")
    first = json.loads(run_chain(case, "export", "--config", network.nodes[0].config, "--to", 60, "--json", file))
    size = os.path.getsize(file)
    with open(file, "r+b") as torn:
        torn.truncate(size - 40)  # as a kill leaves it
    said = run_chain(case, "verify", "--genesis", genesis, file, code=1)
    if "torn_frame" not in said or "byte" not in said:
        raise Failure(f"a torn file was refused with: {said}")
    whole = json.loads(run_chain(case, "export", "--config", network.nodes[0].config, "--json", file))
    if whole["last"] < 150 or whole["first"] != 1:
        raise Failure(f"exported {whole}")
    verified = json.loads(run_chain(case, "verify", "--genesis", genesis, "--json", file))
    if verified["blocks"] != whole["last"] or verified["transactions"] == 0:
        raise Failure(f"verified {verified} of {whole}")
    forged = os.path.join(case.folder, "forged.chain")
    shutil.copy(file, forged)
    with open(forged, "r+b") as at:
        at.seek(os.path.getsize(forged) // 2)
        byte = at.read(1)
        at.seek(-1, 1)
        at.write(bytes([byte[0] ^ 1]))
    said = run_chain(case, "import", "--config", spare.config, forged, code=1)
    if "byte" not in said or "imported up to height" not in said:
        raise Failure(f"a damaged file was refused with: {said}")
    imported = json.loads(run_chain(case, "import", "--config", spare.config, "--json", file))
    network.nodes[0].stop()
    said = run_chain(case, "import", "--config", network.nodes[1].config, file, code=1)
    if "stop the node first" not in said:
        raise Failure(f"a running node's folder: {said}")
    network.nodes[0].start()
    spare.start()
    network.wait_caught_up(spare, 30)
    network.settle()
    network.compare([network.nodes[0], spare])
    return (f"{first['blocks']} then {whole['last']} blocks, {os.path.getsize(file) / 1e6:.2f} MB; "
            f"imported {imported['blocks']} at {imported['blocks'] / imported['seconds']:.0f} blocks/s")


CASES = [
    ("joins-by-snapshot", joins_by_snapshot),
    ("pruned-and-light", pruned_and_light),
    ("chain-in-a-file", chain_in_a_file),
]
