# SPDX-License-Identifier: Apache-2.0
"""Validators that stop, die, pause, lie or lose each other while transactions flow."""

import os
import signal
import time

from load import Load
from network import Failure, wait_for
import rogue


def view_timeout_ms(median):
    """What the pacemaker waits in a view: four times a view and 100 ms, at least 200 ms."""
    return max(200, 4 * median + 100)


def check_pace(case, network, witness, before, during):
    """Median block time during a fault against that before it, both ranges of heights."""
    calm, _ = network.pace(witness, *before)
    hurt, longest = network.pace(witness, *during)
    if hurt > calm + view_timeout_ms(calm):
        raise Failure(f"median block time rose from {calm:.0f} to {hurt:.0f} ms")
    return f"block time {calm:.0f} -> {hurt:.0f} ms median, longest {longest} ms"


def calm_period(network, load, blocks=15):
    load.wait_receipts(20)
    first = network.head()
    network.wait_growth(network.nodes, blocks, 60)
    return first, network.head()


def finish(network, load):
    """Everything sent has a receipt, every node has every block and every receipt."""
    load.drain(60)
    network.settle()
    blocks = network.compare()
    receipts = load.verify(network.nodes)
    return f"{blocks} blocks and {receipts} receipts equal on {len(network.nodes)} nodes"


def one_stopped(case):
    network = case.network()
    network.start()
    down, rest = network.nodes[3], network.nodes[:3]
    with Load(network, seed=case.seed) as load:
        before = calm_period(network, load)
        down.stop()
        first = network.head()
        network.wait_growth(rest, 30, 60)
        load.wait_receipts(30)
        during = (first, network.head())
        pace = check_pace(case, network, rest[0], before, during)
        down.start()
        caught_up = network.wait_caught_up(down)
        return f"{pace}; caught up in {caught_up:.1f} s; {finish(network, load)}"


def one_killed(case):
    network = case.network()
    network.start()
    rounds, slowest = (2 if case.quick else 5), 0.0
    with Load(network, rate=60, seed=case.seed) as load:
        before = calm_period(network, load)
        first = network.head()
        for _ in range(rounds):
            time.sleep(case.random.uniform(0.1, 2))
            down = case.random.choice(network.nodes)
            down.kill()
            network.wait_growth(network.others(down), 12, 60)
            load.wait_receipts(10)
            down.start()
            slowest = max(slowest, network.wait_caught_up(down))
        pace = check_pace(case, network, network.nodes[0], before, (first, network.head()))
        return f"{rounds} kills; {pace}; caught up in at most {slowest:.1f} s; {finish(network, load)}"


def one_paused(case):
    network = case.network()
    network.start()
    seconds = 15 if case.quick else 60
    paused, rest = network.nodes[1], [network.nodes[i] for i in (0, 2, 3)]
    with Load(network, rate=20, seed=case.seed) as load:
        before = calm_period(network, load)
        paused.signal(signal.SIGSTOP)
        first = network.head()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            network.wait_growth(rest, 3, 20)
        load.wait_receipts(10)
        pace = check_pace(case, network, rest[0], before, (first, network.head()))
        paused.signal(signal.SIGCONT)
        caught_up = network.wait_caught_up(paused)
        return f"paused {seconds} s; {pace}; caught up in {caught_up:.1f} s; {finish(network, load)}"


def strangers(case):
    network = case.network()
    network.start()
    pem = rogue.certificate(network.folder, bytes(range(32)))
    with Load(network, seed=case.seed) as load:
        before = calm_period(network, load)
        first = network.head()
        with rogue.Stranger([node.peer_port for node in network.nodes], case.seed, pem) as attack:
            time.sleep(5 if case.quick else 15)
            network.wait_growth(network.nodes, 30, 60)
        pace = check_pace(case, network, network.nodes[0], before, (first, network.head()))
        if attack.connections < 20:
            raise Failure(f"only {attack.connections} attacks were made")
        return (f"{attack.connections + attack.refused} connections, {len(attack.silent)} half open; "
                f"{pace}; {finish(network, load)}")


def validator_sends_garbage(case):
    network = case.network()
    for node in network.nodes:
        node.allow_tls_alone()
    network.start()
    bad, rest = network.nodes[3], network.nodes[:3]
    with Load(network, seed=case.seed) as load:
        before = calm_period(network, load)
        bad.stop()
        pem = rogue.certificate(bad.folder, rogue.secret_of(bad.folder))
        genesis = bytes.fromhex(network.nodes[0].rpc("eth_getBlockByNumber", "0x0", False)["hash"][2:])
        first = network.head()
        with rogue.Impostor([node.peer_port for node in rest], case.seed, pem, genesis) as attack:
            time.sleep(5 if case.quick else 15)
            network.wait_growth(rest, 30, 60)
        if attack.frames < 50:
            raise Failure(f"only {attack.frames} frames were accepted: the attack did not take place")
        pace = check_pace(case, network, rest[0], before, (first, network.head()))
        bad.start()
        caught_up = network.wait_caught_up(bad)
        return (f"{attack.frames} rubbish frames in {attack.connections + attack.refused} connections; {pace}; "
                f"the real one caught up in {caught_up:.1f} s; {finish(network, load)}")


def two_down(case, number=signal.SIGKILL):
    """No block, no crash; blocks again at once when one of them is back."""
    network = case.network()
    network.start()
    one, two, rest = network.nodes[2], network.nodes[3], network.nodes[:2]
    with Load(network, seed=case.seed) as load:
        calm_period(network, load)
        for node in (one, two):
            node.signal(number)
        time.sleep(1)
        stood = network.head(rest)
        time.sleep(8 if case.quick else 25)
        for node in rest:
            if not node.running():
                raise Failure(f"{node.name} ended: {node.last_words()}")
            if node.height() > stood:
                raise Failure(f"{node.name} went on from {stood} to {node.height()} with two of four")
        if number == signal.SIGKILL:
            one.process.wait()
            one.start()
        else:
            one.signal(signal.SIGCONT)
        wait_for(f"{one.name} answers", 20, one.health, 0.01)
        _, recovered = wait_for("a block after one is back", 30, lambda: network.head(rest) > stood, 0.02)
        if recovered > 2:
            raise Failure(f"the first block came {recovered:.1f} s after one was back, expected at most 2 s")
        network.wait_growth(rest + [one], 10, 30)
        if number == signal.SIGKILL:
            two.process.wait()
            two.start()
        else:
            two.signal(signal.SIGCONT)
        network.wait_caught_up(two)
        return f"stood still at {stood}; a new block {recovered:.2f} s after one was back; {finish(network, load)}"


def two_paused(case):
    return two_down(case, signal.SIGSTOP)


def all_killed(case):
    network = case.network()
    network.start()
    rounds, slowest = (2 if case.quick else 4), 0.0
    with Load(network, rate=60, seed=case.seed) as load:
        calm_period(network, load)
        for _ in range(rounds):
            time.sleep(case.random.uniform(0.1, 2))
            before = network.head()
            for node in network.nodes:
                node.signal(signal.SIGKILL)
            for node in network.nodes:
                node.process.wait()
            for node in network.nodes:
                node.start()
            took = network.wait_healthy(30)
            for node in network.nodes:
                if node.height() < before:
                    raise Failure(f"{node.name} restarted at {node.height()}, {before} had been final")
            took += network.wait_growth(network.nodes, 3, 30)
            slowest = max(slowest, took)
            load.wait_receipts(10)
        return f"{rounds} times; going on within {slowest:.1f} s; {finish(network, load)}"


def graceful(case):
    """SIGTERM to all under load: exit code 0 within 10 s; nothing to execute again; idle restart."""
    network = case.network()
    network.start()
    with Load(network, rate=60, seed=case.seed) as load:
        calm_period(network, load)
        begun = time.monotonic()
        for node in network.nodes:
            node.signal(signal.SIGTERM)
        for node in network.nodes:
            code = node.wait(max(0.1, begun + 10 - time.monotonic()))
            if code != 0:
                raise Failure(f"{node.name} ended with {code}: {node.last_words()}")
        ended = time.monotonic() - begun
        network.start()
        again = 0
        for node in network.nodes:
            for line in node.log().splitlines():
                if "event=executing_again" in line:
                    first, last = (int(part.split("=")[1]) for part in line.split() if part.startswith(("from=", "to=")))
                    again = max(again, last - first + 1)
        if again > 8:
            raise Failure(f"{again} blocks were executed again after a graceful stop")
        equal = finish(network, load)
    for node in network.nodes:
        node.stop()
    head_before = None
    begun = time.monotonic()
    network.start()
    with Load(network, rate=10, seed=case.seed + 1) as load:
        for account in load.accounts:
            account["nonce"] = int(network.nodes[0].rpc("eth_getTransactionCount", address(account), "latest"), 16)
        load.wait_receipts(1, 10)
        idle = time.monotonic() - begun
        if idle > 10:
            raise Failure(f"an idle network took {idle:.1f} s to continue, at most 10 s are allowed")
    return f"ended in {ended:.1f} s, {again} blocks executed again; {equal}; idle restart continued in {idle:.1f} s"


def address(account):
    from ethereum import address_of
    return "0x" + address_of(account["key"]).hex()


def observer(case):
    network = case.network(observers=1)
    network.start()
    watcher, rest = network.nodes[4], network.nodes[:4]
    with Load(network, seed=case.seed) as load:
        # All transactions enter through the observer: it must pass them on.
        load.node = lambda: watcher if watcher.usable() else rest[0]
        load.wait_receipts(40)
        if watcher.health()["role"] != "observer":
            raise Failure(f"role is {watcher.health()['role']}")
        latency = load.median_latency_ms()
        watcher.kill()
        network.wait_growth(rest, 20, 60)
        watcher.start()
        caught_up = network.wait_caught_up(watcher)
        load.wait_receipts(10)
        proof = watcher.rpc("wusong_finalityProof", hex(max(1, watcher.height() - 20)))
        if not proof:
            raise Failure("the observer has no finality proof")
        return (f"transactions through it: receipt in {latency:.0f} ms median; killed, caught up in {caught_up:.1f} s; "
                f"{finish(network, load)}")


def idle(case):
    network = case.network()
    network.start()
    with Load(network, rate=40, seed=case.seed) as load:
        calm_period(network, load)
        load.drain()
    network.settle()
    time.sleep(2)
    before, begun = network.head(), time.monotonic()
    cpu = [cpu_seconds(node) for node in network.nodes]
    time.sleep(10 if case.quick else 40)
    seconds = time.monotonic() - begun
    blocks = network.head() - before
    allowed = 1 + seconds // 30
    if blocks > allowed:
        raise Failure(f"{blocks} blocks in {seconds:.0f} idle s, at most {allowed:.0f} heartbeats expected")
    resident = max(node.resident_mb() for node in network.nodes)
    if resident > 150:
        raise Failure(f"{resident:.0f} MB resident when idle, at most 150")
    used = max(cpu_seconds(node) - was for node, was in zip(network.nodes, cpu)) / seconds
    return f"{resident:.0f} MB resident, {100 * used:.1f} % of a core, {blocks} blocks in {seconds:.0f} s"


def cpu_seconds(node):
    with open(f"/proc/{node.process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


CASES = [
    ("one-stopped", one_stopped),
    ("one-killed", one_killed),
    ("one-paused", one_paused),
    ("strangers", strangers),
    ("validator-sends-garbage", validator_sends_garbage),
    ("two-down", two_down),
    ("two-paused", two_paused),
    ("all-killed", all_killed),
    ("graceful-stop", graceful),
    ("observer", observer),
    ("idle", idle),
]
