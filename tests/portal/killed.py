# SPDX-License-Identifier: Apache-2.0
"""People act through the API while the portal is killed again and again and the chain's node goes
away for a while. Afterwards every act that was accepted is on the chain exactly once.

  killed.py --work FOLDER --base URL --node URL [--seed N] [--seconds 25] [--writers 6]

FOLDER is one that tests/portal/lib.sh has made; the portal does not run yet.
"""

import argparse
import os
import signal
import subprocess
import sys
import threading
import time

from portal_api import Client, Gone, Rpc, chance_of, together

PORTAL, WUSONG = "build/bin/wusong-portal", "build/bin/wusong"


class Portal:
    def __init__(self, work, base):
        self.config, self.base = os.path.join(work, "portal.toml"), base
        self.log = open(os.path.join(work, "killed.log"), "ab")
        self.process = None

    def start(self):
        self.process = subprocess.Popen([PORTAL, "run", "--config", self.config], stdout=self.log, stderr=self.log)
        wait_for("the portal answers", 20, self.answers)

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the portal ended with {self.process.returncode}")
        try:
            return Client(self.base, 2).ask("GET", "/api/v1/health").status == 200
        except Gone:
            return False

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def wait_for(what, seconds, condition):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


class Writer:
    """Files demands one after another. Each keeps its key until an answer says what became of it."""

    def __init__(self, number, base, seed, until):
        self.client = Client(base)
        self.chance = chance_of(f"{seed} writer {number}")
        self.name = f"writer{number}x{seed}"
        self.until, self.number = until, number
        self.accepted, self.queued, self.refused_away, self.retries = {}, 0, 0, 0

    def prepare(self):
        answer = self.client.register(self.name, self.chance)
        assert answer.status == 200, answer

    def act(self):
        turn = 0
        while not self.until.is_set():
            turn += 1
            self.settle(f"{self.name}-{turn}", f"demand {turn} of {self.name}")

    def settle(self, once, title):
        """The same request again until it is answered; a program does the same."""
        patience = time.monotonic() + 60
        while True:
            assert time.monotonic() < patience, f"{once} has no answer after a minute"
            try:
                answer = self.client.demand(title, once)
            except Gone:
                self.retries += 1
                time.sleep(self.chance.uniform(0.02, 0.2))
                continue
            if answer.status in (200, 202):
                self.queued += answer.status == 202
                self.accepted[once] = answer.json()["item"]
                return
            error = answer.json().get("error", {})
            if answer.status == 503:  # with a reason; nothing was accepted, unless the key says so later
                assert error.get("message", {}).get("zh") and error.get("next", {}).get("en"), answer
                self.refused_away += 1
            elif answer.status != 429:
                raise AssertionError(f"{once}: {answer}")
            time.sleep(self.chance.uniform(0.05, 0.3))


def reads_go_on(base):
    """While the node is away: pages and API answer, a write is refused with a reason or waits."""
    client = Client(base)
    for path in ("/", "/api/v1/datasets", "/api/v1/stats", "/api/v1/rules", "/catalog.jsonld"):
        answer = client.ask("GET", path, headers={"Accept": "text/html,*/*"})
        assert answer.status == 200, f"{path} while the node is away: {answer}"


def disturb(portal, arguments, chance, writers, done):
    """Kills the portal at random moments; in the middle the node goes away, too."""
    kills, begin = 0, time.monotonic()
    away_at, seen_away = begin + arguments.seconds * 0.4, False
    while time.monotonic() - begin < arguments.seconds:
        time.sleep(chance.uniform(0.3, 2.5))
        if not seen_away and time.monotonic() > away_at:
            seen_away = True
            network(arguments, "stop")
            before = sum(w.refused_away + w.queued for w in writers)
            reads_go_on(arguments.base)
            wait_for("a write is refused or queued while the node is away", 20,
                     lambda: sum(w.refused_away + w.queued for w in writers) > before)
            portal.kill()
            kills += 1
            portal.start()  # without a node it serves what it has
            reads_go_on(arguments.base)
            network(arguments, "start", "--detach")
            continue
        portal.kill()
        kills += 1
        time.sleep(chance.uniform(0, 0.3))
        portal.start()
    done.set()
    return kills


def network(arguments, *words):
    subprocess.run([WUSONG, "network", words[0], "--folder", os.path.join(arguments.work, "net"), *words[1:]],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def outbox_is_empty(writers):
    def waits(writer):
        answer = writer.client.ask("GET", "/api/v1/outbox")
        assert answer.status == 200, answer
        states = [entry["status"] for entry in answer.json()["entries"]]
        assert not set(states) - {"final", "waiting"}, f"{writer.name}: {states}"
        return "waiting" in states

    return lambda: not any(waits(writer) for writer in writers)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", required=True)
    parser.add_argument("--base", required=True)
    parser.add_argument("--node", required=True)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    parser.add_argument("--seconds", type=float, default=25)
    parser.add_argument("--writers", type=int, default=6)
    arguments = parser.parse_args()
    print(f"# seed {arguments.seed}: killed.py --seed {arguments.seed} repeats the moments", flush=True)
    chance = chance_of(arguments.seed)

    portal = Portal(arguments.work, arguments.base)
    portal.start()
    try:
        done = threading.Event()
        writers = [Writer(i, arguments.base, arguments.seed, done) for i in range(arguments.writers)]
        for writer in writers:
            writer.prepare()
        kills = []

        def trouble():
            try:
                kills.append(disturb(portal, arguments, chance, writers, done))
            finally:
                done.set()

        together([writer.act for writer in writers] + [trouble])
        wait_for("nothing waits any more", 30, outbox_is_empty(writers))

        contract = writers[0].client.ask("GET", "/api/v1/chain").json()["contracts"]["Workflows"]
        on_chain = Rpc(arguments.node).acts(contract)
        accepted = [item for writer in writers for item in writer.accepted.values()]
        lost = [item for item in accepted if item not in on_chain]
        doubled = [item for item, count in on_chain.items() if count != 1]
        strangers = set(on_chain) - set(accepted)
        assert len(set(accepted)) == len(accepted), "two keys got one item"
        assert not lost, f"{len(lost)} accepted acts are not on the chain: {lost[:3]}"
        assert not doubled, f"{len(doubled)} acts are there more than once: {doubled[:3]}"
        assert not strangers, f"{len(strangers)} acts are on the chain that nobody was told of"
        shown = writers[0].client.ask("GET", "/api/v1/items?workflow=demand&mine=1&page_size=1").json()["total"]
        assert shown == len(writers[0].accepted), f"{shown} shown, {len(writers[0].accepted)} accepted"
        assert len(accepted) >= arguments.writers, f"only {len(accepted)} acts"
        print(f"ok    {len(accepted)} acts of {len(writers)} people through {kills[0]} deaths of the portal and one of the "
              f"node: each on the chain once ({sum(w.retries for w in writers)} repeated, "
              f"{sum(w.queued for w in writers)} queued, {sum(w.refused_away for w in writers)} refused with a reason)")
        return 0
    except AssertionError as error:
        print(f"FAIL  killed at any moment, seed {arguments.seed}: {error}")
        return 1
    finally:
        if portal.process and portal.process.poll() is None:
            portal.process.terminate()
            portal.process.wait()


if __name__ == "__main__":
    sys.exit(main())
