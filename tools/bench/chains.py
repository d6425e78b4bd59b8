# SPDX-License-Identifier: Apache-2.0
"""What the chain and evm suites share: contracts, a Wusong network, an anvil, JSON-RPC, figures."""

import contextlib
import http.client
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
WUSONG = ROOT / "build/bin/wusong"
LOAD = ROOT / "build/bin/wusong_load"
ANVIL = ROOT / "tests/e2e/node_modules/.bin/anvil"
DEV_ACCOUNT = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


def figure(name, value, unit, peer=None, peer_value=None):
    """One JSON line; the ratio is above 1 where we are better for rates, below 1 for times."""
    ratio = round(value / peer_value, 3) if peer_value else None
    print(json.dumps({"name": name, "value": round(value, 3), "unit": unit, "peer": peer,
                      "peer_value": round(peer_value, 3) if peer_value else None, "ratio": ratio}), flush=True)


def note(text):
    print(text, file=sys.stderr, flush=True)


def need(*programs):
    for program in programs:
        if not pathlib.Path(program).exists():
            sys.exit(f"{program} is missing: ./bench builds ours; tests/e2e/run brings anvil and solc")


def compiled():
    out = subprocess.run(["node", str(ROOT / "tools/bench/compile.mjs")], capture_output=True, text=True, check=True)
    return json.loads(out.stdout)


def free_port(span=1):
    """A port with `span` free ones above it, and as many 1000 above those."""
    for base in range(21_000, 60_000, 137):
        ports = list(range(base, base + span)) + list(range(base + 1000, base + 1000 + span))
        with contextlib.ExitStack() as stack:
            try:
                for port in ports:
                    held = stack.enter_context(socket.socket())
                    held.bind(("127.0.0.1", port))
                return base
            except OSError:
                continue
    sys.exit("no free ports")


class Rpc:
    def __init__(self, port):
        self.port = port
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def __call__(self, method, *params):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
        self.connection.request("POST", "/", body, {"Content-Type": "application/json"})
        reply = json.loads(self.connection.getresponse().read())
        if "error" in reply:
            raise RuntimeError(f"{method}: {reply['error']}")
        return reply["result"]

    def metrics(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()


@contextlib.contextmanager
def wusong(validators, *options):
    """A fresh development network; gives the port of node0."""
    folder = tempfile.mkdtemp(prefix="wusong-bench-")
    base = free_port(validators)
    network = f"{folder}/net"
    try:
        subprocess.run([WUSONG, "network", "create", "--dev", "--folder", network, "--validators", str(validators),
                        "--port-base", str(base), *options], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([WUSONG, "network", "start", "--detach", "--folder", network, "--wait", "60"], check=True,
                       stdout=subprocess.DEVNULL)
        yield base, pathlib.Path(network)
    finally:
        subprocess.run([WUSONG, "network", "stop", "--folder", network], check=False, stdout=subprocess.DEVNULL)
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def anvil(*options):
    port = free_port()
    process = subprocess.Popen([ANVIL, "--port", str(port), "--chain-id", "5918", "--silent", *options],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                Rpc(port)("eth_chainId")
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()
