# SPDX-License-Identifier: Apache-2.0
"""Nodes with a full disk, damaged files, another genesis, wrong keys, taken ports or a wrong clock."""

import glob
import json
import os
import shutil
import socket
import subprocess
import time

from cases_running import calm_period, finish, check_pace
import ethereum
from load import Load
from network import Failure, Skip, Unreachable, wait_for


def small_disk(network, node, megabytes):
    """Puts the node's data on a file system of its own."""
    os.makedirs(node.data, exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", node.data],
                             capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        raise Skip(f"mounting a small file system needs root: {mounted.stderr.strip()}")
    network.mounts.append(node.data)


def fill_disk(path):
    with open(path, "ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


def disk_full(case):
    network = case.network()
    full, rest = network.nodes[2], [network.nodes[i] for i in (0, 1, 3)]
    small_disk(network, full, 192)
    network.start()
    filler = os.path.join(full.data, "filler")
    with Load(network, rate=60, seed=case.seed) as load:
        before = calm_period(network, load)
        first = network.head()
        fill_disk(filler)
        begun = time.monotonic()
        full.expect_refusal(["io.disk_full"], 60)
        words = full.stderr().strip()
        if "make room" not in words:
            raise Failure(f"its last words do not say what to do: {words!r}")
        stopped = time.monotonic() - begun
        network.wait_growth(rest, 20, 60)
        pace = check_pace(case, network, rest[0], before, (first, network.head()))
        fill_disk(filler)  # what the node had reserved and gave back when it stopped
        full.start()  # still no room: refuses again, or stops at its first write
        full.expect_refusal(["io.disk_full"], 60)
        os.unlink(filler)
        full.start()
        caught_up = network.wait_caught_up(full)
        return f"stopped in {stopped:.1f} s: \"{words}\"; {pace}; with room again caught up in {caught_up:.1f} s; {finish(network, load)}"


def flip(path, first, last):
    """Spoils 32 bytes in every page between two fractions of a file."""
    size = os.path.getsize(path)
    with open(path, "r+b") as file:
        for at in range(int(size * first), max(int(size * first) + 1, int(size * last)), 4096):
            file.seek(at)
            old = file.read(32)
            file.seek(at)
            file.write(bytes(byte ^ 0xFF for byte in old))


def damaged(case, names, restart_first, first, last):
    """Files of one node are spoiled while it is down: it must not start, and rebuild when they are gone."""
    network = case.network()
    network.start()
    bad, rest = network.nodes[1], [network.nodes[i] for i in (0, 2, 3)]
    with Load(network, rate=60, seed=case.seed) as load:
        calm_period(network, load, 60)
        bad.stop()
        if restart_first:  # opening moves what the log holds into tables
            bad.start()
            network.wait_caught_up(bad)
            bad.stop()
        files = sorted(glob.glob(os.path.join(bad.data, names)))
        if not files:
            raise Failure(f"no file is named {names}: {os.listdir(os.path.dirname(os.path.join(bad.data, names)))}")
        for path in files:
            flip(path, first, last)
        bad.start()
        bad.expect_refusal(["io.store_corrupt", "storage.corrupt", "state.corrupt"], 30)
        words = bad.last_words().splitlines()[-1]
        if "damaged" not in words:
            raise Failure(f"the error does not say what to do: {words}")
        network.wait_growth(rest, 5, 60)
        os.rename(bad.data, bad.data + ".damaged")
        bad.start()
        caught_up = network.wait_caught_up(bad, 60)
        return f"{len(files)} file(s): \"{words}\"; rebuilt from its peers in {caught_up:.1f} s; {finish(network, load)}"


def damaged_log(case):
    return damaged(case, "db/*.log", False, 0.3, 0.6)


def damaged_table(case):
    return damaged(case, "db/*.sst", True, 0.0, 1.0)


def damaged_manifest(case):
    return damaged(case, "db/MANIFEST-*", False, 0.3, 0.6)


def damaged_state(case):
    return damaged(case, "state/*.seg", False, 0.0, 0.7)


def damaged_anywhere(case):
    """64 bytes anywhere in a node's data: refused by name, or served right; never wrong, never a crash."""
    network = case.network()
    network.start()
    bad, good = network.nodes[1], network.nodes[0]
    with Load(network, rate=60, seed=case.seed) as load:
        calm_period(network, load, 30)
        bad.stop()
        bad.start()
        calm_period(network, load, 30)
        load.drain()
        bad.stop()
    pristine, outcomes = bad.data + ".pristine", {"refused": 0, "stopped": 0, "served": 0, "served in part": 0}
    shutil.copytree(bad.data, pristine)
    hashes = list(load.receipts)
    for _ in range(5 if case.quick else 25):
        shutil.rmtree(bad.data)
        shutil.copytree(pristine, bad.data)
        files = [path for folder in ("db", "state") for path in sorted(glob.glob(os.path.join(bad.data, folder, "*")))
                 if os.path.getsize(path) > 0 and not os.path.basename(path).startswith(("LOG", "OPTIONS", "IDENTITY"))]
        path = case.random.choice(files)
        at = case.random.randrange(os.path.getsize(path))
        with open(path, "r+b") as file:
            file.seek(at)
            old = file.read(64)
            file.seek(at)
            file.write(bytes(byte ^ case.random.randrange(1, 256) for byte in old))
        what = f"{os.path.basename(path)} at {at}"
        bad.start()
        wait_for(f"{what}: answers or ends", 30, lambda: not bad.running() or bad.height() > 0)
        outcome = read_everything(bad, good, hashes, what) if bad.running() else None
        if bad.running():
            bad.stop()
            outcomes[outcome] += 1
        elif bad.process.returncode != 1 or "(" not in bad.stderr():
            raise Failure(f"{what}: {bad.name} ended with {bad.process.returncode}: {bad.last_words()}")
        else:
            outcomes["stopped" if "event=node_started" in bad.log() else "refused"] += 1
    return ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items() if count)


def read_everything(bad, good, hashes, what):
    """Whatever `bad` answers must be what `good` answers. "served in part" if some of it was an error."""
    calls = [("eth_getBlockByNumber", [hex(height), True]) for height in range(min(bad.height(), good.height()) + 1)]
    calls += [("eth_getTransactionReceipt", [hash_]) for hash_ in hashes]
    calls += [("eth_getBalance", ["0x" + ethereum.address_of(key).hex(), "latest"]) for key in ethereum.DEV_KEYS]
    outcome = "served"
    for first in range(0, len(calls), 100):
        part = calls[first:first + 100]
        try:
            answers = bad.many(part, 30)
        except Unreachable:  # it met the damage and ends, which its exit code must say
            bad.wait(10)
            return outcome
        for call, ours, theirs in zip(part, answers, good.many(part, 30)):
            if isinstance(ours, dict) and "error" in ours:
                outcome = "served in part"
            elif ours != theirs and call[0] != "eth_getBlockByNumber":
                raise Failure(f"{what}: {call} is {str(ours)[:300]} on {bad.name}, {str(theirs)[:300]} elsewhere")
            elif call[0] == "eth_getBlockByNumber" and (not ours or ours["hash"] != theirs["hash"] or
                                                        ours["transactions"] != theirs["transactions"]):
                raise Failure(f"{what}: {call} differs on {bad.name}")
    return outcome


def edited_genesis(network, node, change):
    """Gives one node a genesis file of its own."""
    with open(os.path.join(network.folder, "genesis.json"), encoding="utf-8") as file:
        genesis = json.load(file)
    change(genesis)
    path = os.path.join(node.folder, "genesis.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(genesis, file, separators=(",", ":"))
    replace_in_config(node, '"../genesis.json"', '"genesis.json"')


def replace_in_config(node, old, new):
    with open(node.config, encoding="utf-8") as file:
        text = file.read()
    if old not in text:
        raise Failure(f"{node.config} has no {old}")
    with open(node.config, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))


def later(genesis):
    genesis["timestampMs"] += 1


def genesis_mismatch(case):
    """With the data of another chain a node does not start; without data its peers refuse it."""
    network = case.network()
    network.start()
    odd, rest = network.nodes[3], network.nodes[:3]
    odd.stop()
    edited_genesis(network, odd, later)
    odd.start()
    odd.expect_refusal(["storage.genesis_mismatch"])
    words = odd.last_words().splitlines()[-1]
    os.rename(odd.data, odd.data + ".before")
    odd.start()
    wait_for("its log names the mismatch", 20, lambda: "genesis_mismatch" in odd.log(), 0.1)
    with Load(network, seed=case.seed) as load:
        load.node = lambda: rest[load.sent % 3]
        load.wait_receipts(20)
        if odd.height() > 0:
            raise Failure("a node of another genesis follows this chain")
        odd.stop()
        shutil.rmtree(odd.data)
        os.rename(odd.data + ".before", odd.data)
        replace_in_config(odd, '"genesis.json"', '"../genesis.json"')
        odd.start()
        caught_up = network.wait_caught_up(odd)
        return f"\"{words}\"; without data refused by its peers; with the right file back in {caught_up:.1f} s; {finish(network, load)}"


def wrong_keys(case):
    """Node and vote keys that are not in the genesis, a garbled key file, a wrong password."""
    network, other = case.network(), case.network()
    node, foreign = network.nodes[0], other.nodes[0]
    said = []

    def refused(words, files):
        saved = {name: open(os.path.join(node.folder, name), "rb").read() for name in files}
        for name, content in files.items():
            with open(os.path.join(node.folder, name), "wb") as out:
                out.write(content)
        node.start()
        node.expect_refusal(words)
        said.append(node.last_words().splitlines()[-1])
        for name, content in saved.items():
            with open(os.path.join(node.folder, name), "wb") as out:
                out.write(content)

    def content(folder, name):
        with open(os.path.join(folder, name), "rb") as file:
            return file.read()

    refused(["is not the node key of any member"],
            {name: content(foreign.folder, name) for name in ("node_key.json", "vote_key.json", "password")})
    refused(["password"], {"password": b"not the password\n"})
    refused(["node_key.json"], {"node_key.json": b"{\"crypto\":"})
    # The network's own member, but its vote key belongs to nobody.
    saved = content(node.folder, "node.toml")
    edited_genesis(network, node, lambda genesis: genesis["validators"][0].update(voteKey="0x" + "55" * 31 + "54"))
    node.start()
    node.expect_refusal(["platform.not_a_validator", "node.bad_genesis", "genesis.json"])
    said.append(node.last_words().splitlines()[-1])
    with open(node.config, "wb") as out:
        out.write(saved)
    shutil.rmtree(node.data, ignore_errors=True)
    network.start()
    network.wait_growth(network.nodes, 1, 40)
    return "; ".join(f"\"{words}\"" for words in said)


def port_taken(case):
    network = case.network()
    node, said = network.nodes[0], []
    for port in (node.rpc_port, node.peer_port):
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", port))
            holder.listen()
            node.start()
            node.expect_refusal([f"{port} is in use"])
            said.append(node.last_words().splitlines()[-1])
    network.start()
    first = node.process
    node.start()  # a second process on the same folder
    second, node.process = node.process, first
    try:
        code = second.wait(20)
    except subprocess.TimeoutExpired:
        second.kill()
        raise Failure("a second process on the same folder runs") from None
    words = node.stderr().strip()
    if code <= 0 or "in use" not in words:
        raise Failure(f"a second process ended with {code}: {words}")
    network.wait_growth(network.nodes, 1, 40)
    return "; ".join(f"\"{words}\"" for words in said + [words])


def wrong_clock(case):
    """A validator whose clock is an hour off: its proposals are refused, it follows all the same."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang") or shutil.which("clang-19")
    if not compiler:
        raise Skip("no C compiler for the preloaded clock")
    shim = os.path.join(case.folder, "clock.so")
    source = os.path.join(os.path.dirname(__file__), "wrong_clock.c")
    made = subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", shim, source, "-ldl"],
                          capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise Skip(f"the preloaded clock does not compile: {made.stderr.strip()[:200]}")
    network = case.network()
    network.start()
    wrong, rest = network.nodes[3], network.nodes[:3]
    figures = []
    with Load(network, seed=case.seed) as load:
        before = calm_period(network, load)
        for offset in (3600, -3600):
            wrong.stop()
            wrong.start({"LD_PRELOAD": shim, "WUSONG_CLOCK_OFFSET": str(offset)})
            network.wait_caught_up(wrong)
            first = network.head()
            network.wait_growth(network.nodes, 30, 60)
            load.wait_receipts(10)
            skew = [abs(int(str(block["wusong_timestampMs"]), 0) - 1000 * time.time())
                    for block in [network.nodes[0].rpc("eth_getBlockByNumber", "latest", False)]][0]
            if skew > 60_000:
                raise Failure(f"a block's time is {skew / 1000:.0f} s off")
            figures.append(f"{offset:+d} s: {check_pace(case, network, rest[0], before, (first, network.head()))}")
        wrong.stop()
        wrong.start()
        network.wait_caught_up(wrong)
        return f"{'; '.join(figures)}; {finish(network, load)}"


CASES = [
    ("disk-full", disk_full),
    ("damaged-log", damaged_log),
    ("damaged-table", damaged_table),
    ("damaged-manifest", damaged_manifest),
    ("damaged-state", damaged_state),
    ("damaged-anywhere", damaged_anywhere),
    ("genesis-mismatch", genesis_mismatch),
    ("wrong-keys", wrong_keys),
    ("port-taken", port_taken),
    ("wrong-clock", wrong_clock),
]
