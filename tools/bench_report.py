#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""For ./bench. `lines` turns Google Benchmark's JSON into one line a figure, `table` shows such lines.

A benchmark X_openssl is the peer of the benchmark X with the same arguments; X_slh_dsa is our SLH-DSA beside what is compared with it.
"""

import json
import sys

NANOSECONDS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
PEERS = ("openssl", "slh_dsa")


def lines():
    values = {}
    for run in json.load(sys.stdin)["benchmarks"]:
        if run.get("run_type") == "aggregate" or run.get("error_occurred"):
            continue
        figures = [("", run["cpu_time"] * NANOSECONDS[run["time_unit"]], "ns")]
        figures += [("/items", run[key], "1/s") for key in ("items_per_second",) if key in run]
        figures += [("/bytes", run[key] / 2**20, "MiB/s") for key in ("bytes_per_second",) if key in run]
        values |= {run["name"] + suffix: (value, unit) for suffix, value, unit in figures}
    for name, (value, unit) in values.items():
        peer, peer_value = peer_of(name, values)
        print(json.dumps({"name": name, "value": round(value, 3), "unit": unit, "peer": peer,
                          "peer_value": peer_value and round(peer_value, 3),
                          "ratio": peer_value and round(value / peer_value, 3)}))


def peer_of(name, values):
    """room/operation/arguments -> the first peer's value under room/operation_peer/arguments"""
    room, operation, *arguments = name.split("/")
    for peer in PEERS:
        if found := values.get("/".join([room, f"{operation}_{peer}", *arguments])):
            return peer, found[0]
    return None, None


def number(value):
    return "" if value is None else f"{value:,.3f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:,.0f}"


def table():
    figures = [json.loads(line) for line in sys.stdin if line.startswith("{")]
    width = max([len(f["name"]) for f in figures] + [4])
    goals = any(f.get("goal") for f in figures)
    each = any(f.get("ns") for f in figures)
    head = f"{'name':<{width}}  {'value':>14} {'unit':<8} "
    head += f"{'ns each':>12} " if each else ""
    print(head + f"{'peer':<12} {'its value':>14} {'ratio':>7}" + ("  goal" if goals else ""))
    for f in figures:
        line = f"{f['name']:<{width}}  {number(f['value']):>14} {f['unit']:<8} "
        line += f"{number(f.get('ns')):>12} " if each else ""
        line += f"{f['peer'] or '':<12} {number(f['peer_value']):>14} {number(f['ratio']):>7}"
        met = {None: "", True: ": met", False: ": not met"}[f.get("met")]
        print(f"{line}  {f.get('goal') or ''}{met}".rstrip())


if __name__ == "__main__":
    {"lines": lines, "table": table}[sys.argv[1]]()
