# SPDX-License-Identifier: Apache-2.0
"""What operators do to a network that goes on meanwhile: upgrade its data, back a node up, restore it."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import time

from authority import consortium
from cases_running import calm_period, finish
import ethereum
from governors import EPOCH_SECONDS, Governors
from load import Load
from network import Failure, Network, Node, free_port_base, wait_for

FROZEN = pathlib.Path(__file__).resolve().parents[2] / "frozen/data/format-1.tar.xz"


def command(node, *arguments, code=0):
    """Runs `wusong node …` and returns its JSON, or what it complained of."""
    done = subprocess.run([node.binary, "node", *arguments], capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != code:
        raise Failure(f"wusong node {' '.join(arguments)} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout) if code == 0 else done.stderr


def frozen_network(case):
    """The network that the previous release left behind, on ports that are free here."""
    network = Network.__new__(Network)
    network.binary, network.folder, network.mounts = case.binary, os.path.join(case.folder, "previous"), []
    with tarfile.open(FROZEN) as archive:
        archive.extractall(network.folder, filter="data")
    first = (pathlib.Path(network.folder) / "node0/node.toml").read_text(encoding="utf-8")
    was = int(re.search(r'\[rpc\]\nlisten = "127.0.0.1:(\d+)"', first).group(1))
    network.port_base = free_port_base(4)
    network.nodes = [Node(case.binary, os.path.join(network.folder, f"node{i}"), i, network.port_base) for i in range(4)]
    for node in network.nodes:
        path = pathlib.Path(node.config)
        text = re.sub(r"127\.0\.0\.1:(\d+)", lambda m: f"127.0.0.1:{int(m.group(1)) - was + network.port_base}",
                      path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8")
    case.networks.append(network)
    return network


def refuses_the_old(node):
    """It does not start on the previous format, and says what to do."""
    node.start()
    node.expect_refusal(["platform.format_older"], 20)
    words = node.stderr()
    if "wusong node migrate --config" not in words:
        raise Failure(f"the refusal does not name the mend: {words!r}")
    return words.strip()


def continue_nonces(network, load):
    for account in load.accounts:
        address = "0x" + ethereum.address_of(account["key"]).hex()
        account["nonce"] = int(network.nodes[0].rpc("eth_getTransactionCount", address, "latest"), 16)


def upgrade(case):
    """A network of the previous release is migrated; then each node goes back and forth while the others go on."""
    network = frozen_network(case)
    words = refuses_the_old(network.nodes[0])
    for node in network.nodes:
        told = command(node, "migrate", "--config", node.config, "--json")
        if [(one["from"], one["to"]) for one in told] != [(1, 2)]:
            raise Failure(f"migrate said {told}")
    network.start(30)
    before = network.head()
    if before < 1:
        raise Failure("the blocks of the previous release are gone")
    load = Load(network, rate=40, seed=case.seed)
    continue_nonces(network, load)
    with load:
        calm_period(network, load, 10)
        for node in network.nodes:
            node.stop()
            rest = network.others(node)
            command(node, "migrate", "--config", node.config, "--back", "--json")
            refuses_the_old(node)
            network.wait_growth(rest, 5, 60)
            command(node, "migrate", "--config", node.config, "--json")
            node.start()
            network.wait_caught_up(node)
            wait_for(f"{node.name} is well", 30, lambda: (node.health() or {}).get("healthy"))
        return f"from height {before} of the previous release: \"{words[:90]}…\"; {finish(network, load)}"


def newer_format(case):
    """Data of a release to come is refused, and not touched."""
    network = case.network()
    network.start()
    node = network.nodes[0]
    node.stop()
    mark = os.path.join(node.data, "FORMAT")
    with open(mark, "w", encoding="utf-8") as file:
        file.write("wusong data format 3\n")
    node.start()
    node.expect_refusal(["platform.format_newer"], 20)
    if "install that release" not in node.stderr():
        raise Failure(f"the refusal does not name the mend: {node.stderr()!r}")
    command(node, "migrate", "--config", node.config, code=1)
    with open(mark, encoding="utf-8") as file:
        if file.read() != "wusong data format 3\n":
            raise Failure("the mark of the later release was changed")
    return node.stderr().strip()[:120]


def votes_of(node):
    """Blocks among the newest that this validator proposed."""
    own = node.rpc("wusong_validators")[node.index]["beneficiary"]
    head = node.height()
    blocks = node.many([("eth_getBlockByNumber", [hex(h), False]) for h in range(max(1, head - 12), head + 1)])
    return sum(block["miner"] == own for block in blocks)


def restore(case):
    """A running validator is backed up twice; its data is lost and restored; it votes again, but not at once."""
    network = case.network()
    network.start()
    lost, rest = network.nodes[2], [network.nodes[i] for i in (0, 1, 3)]
    backup = os.path.join(case.folder, "backup")
    with Load(network, rate=60, seed=case.seed) as load:
        calm_period(network, load, 30)
        first = command(lost, "backup", "--config", lost.config, "--to", backup, "--json")
        network.wait_growth(network.nodes, 20, 60)
        second = command(lost, "backup", "--config", lost.config, "--to", backup, "--json")
        if not second["incremental"] or second["height"] <= first["height"]:
            raise Failure(f"the second backup is not of more than the first: {first} {second}")
        network.wait_growth(network.nodes, 20, 60)
        words = command(lost, "restore", "--config", lost.config, "--from", backup, code=1)
        if "operate.not_empty" not in words:
            raise Failure(f"restoring over data was not refused: {words}")
        lost.kill()
        shutil.rmtree(lost.data)
        told = command(lost, "restore", "--config", lost.config, "--from", backup, "--json")
        if told["height"] != second["height"] or not told["votesLost"]:
            raise Failure(f"restore said {told}")
        lost.start()
        begun = time.monotonic()
        caught_up = network.wait_caught_up(lost)
        health = lost.health()
        if health["healthy"] or "votes again by itself" not in health["reason"]:
            raise Failure(f"it does not say that it only follows: {health}")
        mark = os.path.join(lost.data, "votes-lost")
        wait_for("it votes again", 90, lambda: not os.path.exists(mark) and (lost.health() or {}).get("healthy"))
        waited = time.monotonic() - begun
        if waited < 25:
            raise Failure(f"it voted after {waited:.0f} s: a lost vote may be younger")
        wait_for("a block of its own", 30, lambda: votes_of(lost) > 0)
        for node in rest:
            if "event=misbehaviour" in node.log():
                raise Failure(f"{node.name} accuses somebody: {node.log()[-400:]}")
        return (f"{second['bytes'] / 1e6:.1f} MB at height {second['height']}, {second['bytesCopied'] / 1e6:.1f} MB of it copied the "
                f"second time; caught up in {caught_up:.1f} s, voted again after {waited:.0f} s; {finish(network, load)}")


def rotation(case):
    """A validator's keys are replaced while another is dead: without the votes of the new ones nothing would become final."""
    network = case.network()
    network.start()
    governors, rotating, dead = Governors(network), network.nodes[0], network.nodes[2]
    with Load(network, rate=40, seed=case.seed) as load:
        calm_period(network, load, 10)
        pid = rotating.process.pid
        dead.kill()
        begun = time.monotonic()
        governors.replace_keys(rotating, "validator", "node")
        took = time.monotonic() - begun
        network.wait_growth(network.others(dead), 10, 30)
        wait_for("a block of the new key", 20, lambda: governors.proposes(rotating), 0.2)
        dead.start()
        caught_up = network.wait_caught_up(dead)
        wait_for("its epoch", EPOCH_SECONDS, lambda: governors.epoch(dead) == governors.epoch())
        if rotating.process.pid != pid:
            raise Failure(f"{rotating.name} was started again")
        return f"replaced in {took:.1f} s without a restart; the dead one caught up in {caught_up:.1f} s; {finish(network, load)}"


def certificate(case):
    """A TLS key is exchanged for one that the program made and the consortium's agency certified, while another validator is dead."""
    network = case.network()
    _, members = consortium(case.folder, network)
    network.start()
    rotating, dead, member = network.nodes[0], network.nodes[2], members[0]

    def serial():
        return rotating.rpc("wusong_networkStatus")["tls"]["serial"]

    with Load(network, rate=40, seed=case.seed) as load:
        calm_period(network, load, 10)
        before, pid = serial(), rotating.process.pid
        dead.kill()
        made = command(rotating, "next-key", "--config", rotating.config, "--json")
        early = command(rotating, "reload", "--config", rotating.config, "--certificate", os.path.join(rotating.folder, "tls.pem"), code=1)
        if "does not belong" not in early:
            raise Failure(f"a certificate of another key was not refused: {early!r}")
        answer = member.answer(made["request"])
        command(rotating, "reload", "--config", rotating.config, "--certificate", str(answer), "--json")
        if serial() == before or os.path.exists(made["file"]):
            raise Failure("the new certificate was not taken")
        network.wait_growth(network.others(dead), 10, 30)
        dead.start()
        caught_up = network.wait_caught_up(dead)
        wait_for("they meet by the new certificate", 20, lambda: any(
            peer["name"] == rotating.name and peer["connected"] for peer in dead.rpc("wusong_networkStatus")["peers"]))
        well = subprocess.run([rotating.binary, "doctor", "--config", rotating.config], capture_output=True, text=True, check=False)
        if "chain, key and revocations hold" not in well.stdout or rotating.process.pid != pid:
            raise Failure(f"doctor says {well.stdout}")
        return f"exchanged without a restart; the dead one is back in {caught_up:.1f} s; {finish(network, load)}"


def membership(case):
    """A validator comes and another goes while a third is dead; it returns into a set that it never heard of."""
    network = case.network()
    network.start()
    governors, gone, dead = Governors(network), network.nodes[0], network.nodes[1]
    with Load(network, rate=40, seed=case.seed) as load:
        calm_period(network, load, 10)
        dead.kill()
        governors.grow([4])
        governors.remove(gone.name)
        stayed = network.others(gone)
        network.wait_growth([node for node in stayed if node is not dead], 10, 30)
        gone.stop()
        network.nodes = stayed
        dead.start()
        caught_up = network.wait_caught_up(dead)
        wait_for("its epoch", EPOCH_SECONDS, lambda: governors.epoch(dead) == governors.epoch())
        # With another gone in its turn, the one that returned and the one that came must both vote.
        stayed[-2].kill()
        network.wait_growth(network.others(stayed[-2]), 10, 30)
        stayed[-2].start()
        network.wait_caught_up(stayed[-2])
        epoch = governors.epoch()
        return f"epoch {epoch['number']} of {', '.join(epoch['names'])}; back in {caught_up:.1f} s; {finish(network, load)}"


CASES = [
    ("upgrade", upgrade),
    ("newer-format", newer_format),
    ("restore", restore),
    ("rotation", rotation),
    ("certificate", certificate),
    ("membership", membership),
]
