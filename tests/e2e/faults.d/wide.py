# SPDX-License-Identifier: Apache-2.0
"""A network started by `wusong network start --wan`: real processes, each in a network of its own."""

import json
import os
import pathlib
import subprocess

from network import Failure, Network, Node, Skip, wait_for

REGIONS = pathlib.Path(__file__).resolve().parents[3] / "tools/wan/regions.json"


def need_tunnels():
    if not os.path.exists("/dev/net/tun"):
        raise Skip("no /dev/net/tun here")
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        raise Skip("/dev/net/tun may not be opened")
    for options in (["-n"], ["-U", "-n"]):
        if subprocess.run(["unshare", *options, "true"], capture_output=True, check=False).returncode == 0:
            return
    raise Skip("network namespaces are forbidden here")


class WideNode(Node):
    """Started by the program under test, not by this process."""

    def pid(self):
        try:
            pid = int(pathlib.Path(self.folder, "pid").read_text(encoding="ascii"))
            os.kill(pid, 0)
            return pid
        except (OSError, ValueError):
            return None

    def running(self):
        return self.pid() is not None

    def signal(self, number):
        pid = self.pid()
        if pid is not None:
            os.kill(pid, number)

    def kill(self):
        pid = self.pid()
        if pid is not None:
            os.kill(pid, 9)


class WideNetwork(Network):
    def __init__(self, binary, folder, validators=4, placement=0):
        need_tunnels()
        super().__init__(binary, folder, validators)
        self.placement = placement
        self.nodes = [WideNode(n.binary, n.folder, n.index, self.port_base) for n in self.nodes]

    def run(self, *arguments, check=True):
        done = subprocess.run([self.binary, "network", *arguments, "--folder", self.folder],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120)
        if check and done.returncode != 0:
            raise Failure(f"network {' '.join(arguments)}: {done.stderr.strip()}")
        return done

    def ask(self, *arguments):
        return json.loads(self.run(*arguments, "--json").stdout)

    def start_arguments(self):
        return ["start", "--wan", str(REGIONS), "--placement", str(self.placement)]

    def start(self, seconds=60):
        self.run(*self.start_arguments(), "--detach", "--json", "--wait", str(seconds))

    def start_again(self):
        """Nodes that do not run, into the wide network that is there."""
        self.run("start", "--detach", "--json")

    def emulator_is_there(self):
        return os.path.exists(os.path.join(self.folder, "wan.sock"))

    def wait_ended(self, seconds):
        return wait_for("nodes and emulator have ended", seconds,
                        lambda: not self.emulator_is_there() and not any(node.running() for node in self.nodes))[1]

    def finality(self):
        """(sum of seconds, count) over all nodes since they started."""
        total, count = 0.0, 0
        for node in self.nodes:
            for line in node.metrics().splitlines():
                if line.startswith("wusong_finality_seconds_sum"):
                    total += float(line.split()[-1])
                if line.startswith("wusong_finality_seconds_count"):
                    count += int(line.split()[-1])
        return total, count

    def close(self, keep):
        self.run("stop", check=False)
        super().close(keep)
