# SPDX-License-Identifier: Apache-2.0
"""Validators on four continents of one machine: an emulated wide network that delays, parts and loses."""

import os
import signal
import subprocess
import time

from load import Load
from network import Failure, wait_for
from wide import WideNetwork


def ms_of(network, seconds):
    """Mean milliseconds to finality over so long a time."""
    before = network.finality()
    time.sleep(seconds)
    after = network.finality()
    if after[1] == before[1]:
        raise Failure("no block became final")
    return 1000 * (after[0] - before[0]) / (after[1] - before[1])


def reloads(network, node):
    """It reads its settings again, and stands where it stood: its peers stay, at their addresses in the wide network."""
    def hosts():
        return {peer["name"]: peer["connected"] and peer["address"].rsplit(":", 1)[0] for peer in node.rpc("wusong_networkStatus")["peers"]}
    before, _ = wait_for(f"{node.name} is connected to all", 30, lambda: all(hosts().values()) and hosts())
    done = subprocess.run([node.binary, "node", "reload", "--config", node.config], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise Failure(f"node reload: {done.stderr}")
    network.wait_growth(network.nodes, 5, 60)
    if hosts() != before:
        raise Failure(f"peers were at {before}, after a reload at {hosts()}")


def wide_network(case):
    """Delay, partition, loss and a restart, all on a chain that goes on."""
    network = WideNetwork(case.binary, os.path.join(case.folder, "wide"))
    case.networks.append(network)
    network.start()
    regions = {node["name"]: node["region"] for node in network.ask("status")}
    if len(set(regions.values())) != 4:
        raise Failure(f"four nodes stand in {regions}")
    with Load(network, rate=10, seed=case.seed) as load:
        load.wait_receipts(5)
        calm = ms_of(network, 4 if case.quick else 10)
        if calm < 150:  # three one-way delays of some 80 ms, and what the machine adds
            raise Failure(f"finality of {calm:.0f} ms is not that of four continents")

        cut, rest = network.nodes[0], network.nodes[1:]
        network.run("wan", "partition", cut.name)
        shown = {node["name"]: node["cutFrom"] for node in network.ask("status")}
        if sorted(shown[cut.name]) != [node.name for node in rest]:
            raise Failure(f"status shows {shown}")
        network.wait_growth(rest, 5, 60)  # what was on its way has arrived
        stuck = cut.height()
        network.wait_growth(rest, 10, 60)
        if cut.height() > stuck:
            raise Failure("a node that is cut off goes on")
        network.run("wan", "heal")
        healed = network.wait_caught_up(cut, 60)

        again = network.run(*network.start_arguments(), "--detach", "--json", check=False)
        if again.returncode == 0 or "wusong network wan" not in again.stderr:
            raise Failure(f"a second file of regions: {again.returncode} {again.stdout} {again.stderr}")
        reloads(network, cut)

        network.run("wan", "set", "--from", "*", "--to", "*", "--loss-permille", "20")
        network.wait_growth(network.nodes, 10, 60)
        paths = network.ask("wan", "show", "--node", cut.name)[0]["paths"]
        if not sum(path["lost"] for path in paths):
            raise Failure(f"nothing was lost: {paths}")

        down = network.nodes[3]
        down.kill()
        wait_for("the killed node is gone", 10, lambda: not down.running())
        network.wait_growth(network.nodes[:3], 5, 60)
        network.start_again()
        network.wait_caught_up(down, 60)
        load.drain(60)
        network.settle()
        blocks = network.compare()
    network.run("stop")
    network.wait_ended(5)
    return f"finality {calm:.0f} ms; caught up {healed:.1f} s after a partition; {blocks} blocks equal"


def wide_starter_killed(case):
    """kill -9 of what started it leaves no process, socket or namespace."""
    network = WideNetwork(case.binary, os.path.join(case.folder, "wide"))
    case.networks.append(network)
    starter = subprocess.Popen([case.binary, "network", *network.start_arguments(), "--folder", network.folder],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for("every node healthy", 60, lambda: all((node.health() or {}).get("healthy") for node in network.nodes))
    spaces = [os.readlink(f"/proc/{node.pid()}/ns/net") for node in network.nodes]
    if len({*spaces, os.readlink("/proc/self/ns/net")}) != 5:
        raise Failure(f"nodes share networks: {spaces}")
    for node in network.nodes:
        with open(f"/proc/{node.pid()}/status", encoding="ascii") as file:
            powers = next(int(line.split()[1], 16) for line in file if line.startswith("CapEff"))
        if powers & ~0b1010:  # files of others, and those alone
            raise Failure(f"{node.name} keeps the powers {powers:x}")
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    took = network.wait_ended(30)
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{process}/ns/net") in spaces:
                raise Failure(f"process {process} is still in a namespace of the network")
        except OSError:
            continue
    return f"all gone {took:.1f} s after"


CASES = [
    ("wide-network", wide_network),
    ("wide-starter-killed", wide_starter_killed),
]
