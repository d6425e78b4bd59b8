# SPDX-License-Identifier: Apache-2.0
"""Judges a history: what clients asked and were told, against the order that the nodes agreed on.

A history is a dictionary, as recorded or as read from a file:
  initial   account -> balance before the first operation
  nodes     node -> list of block hashes, from height 0
  chain     list of [height, index, hash, from, to, amount]: every transfer of the final order, by place
  ops       list of operations. Times are seconds of one clock that all clients share.
    transfer: kind, client, hash, from, to, amount, invoked, completed, outcome, [height, index]
    read:     kind, client, node, invoked, completed, outcome, [height, balances]
    sync:     as read, with hash: a read whose client first put a transaction of its own into the order

outcome is "ok" (acknowledged), "unknown" (nobody said) or "failed" (refused: it never happened).

The final order is the linearization; the checker proves that it is one. Where it is not, each fault is one
line. What is checked:
  agreement  the nodes have one chain
  order      acknowledged transfers are in it, where they were said to be; unknown ones at most once; failed
             ones, strangers and second copies never
  real time  what was acknowledged before another operation began is before it in the order
  reads      a read shows exactly the balances after its height; through the order also no older ones than
             what was acknowledged before it began; on one node later reads are of no lower height
  total      no read shows more or less money than there is
"""

import bisect


def label(op):
    return f"{op['kind']} of client {op['client']} at {op['invoked']:.3f}"


def check_agreement(history):
    longest = max(history["nodes"].items(), key=lambda item: len(item[1]), default=(None, []))
    for node, hashes in history["nodes"].items():
        for height, (ours, theirs) in enumerate(zip(hashes, longest[1])):
            if ours != theirs:
                yield f"agreement: {node} and {longest[0]} have different blocks at height {height}"
                break


def check_order(history):
    asked = {op["hash"]: op for op in history["ops"] if op["kind"] == "transfer"}
    seen = {}
    previous = (-1, -1)
    for height, index, hash_, source, target, amount in history["chain"]:
        if (height, index) <= previous:
            yield f"order: {hash_} at {height}/{index} does not follow {previous[0]}/{previous[1]}"
        previous = (height, index)
        if hash_ in seen:
            yield f"order: {hash_} is in the order twice, at {seen[hash_]} and {height}/{index}"
        seen[hash_] = f"{height}/{index}"
        op = asked.get(hash_)
        if op is None:
            yield f"order: nobody asked for {hash_} at {height}/{index}"
        elif op["outcome"] == "failed":
            yield f"order: {label(op)} was refused and is in the order at {height}/{index}"
        elif (op["from"], op["to"], op["amount"]) != (source, target, amount):
            yield f"order: {label(op)} is not what is in the order at {height}/{index}"
    for op in asked.values():
        if op["outcome"] == "ok" and seen.get(op["hash"]) != f"{op['height']}/{op['index']}":
            where = seen.get(op["hash"], "lost")
            yield f"order: {label(op)} was acknowledged at {op['height']}/{op['index']} and is {where}"


def check_real_time(history):
    """Operations by their place; one that ended before another of an earlier place began is a fault."""
    end_of_block = float("inf")
    placed = []
    for op in history["ops"]:
        if op["outcome"] != "ok" or op["kind"] == "read":
            continue
        index = op["index"] if op["kind"] == "transfer" else end_of_block
        placed.append(((op["height"], index), op))
    placed.sort(key=lambda item: item[0])
    latest = None  # the one that began last, of those placed before
    at, group = 0, []
    while at < len(placed):
        group = [op for place, op in placed[at:] if place == placed[at][0]]
        for op in group:
            if latest is not None and op["completed"] < latest["invoked"]:
                yield (f"real time: {label(op)} ended before {label(latest)} began, and is after it in the order")
        for op in group:
            if latest is None or op["invoked"] > latest["invoked"]:
                latest = op
        at += len(group)


def balances_by_height(history):
    """(heights that have transfers, the balances after each)"""
    heights, states, now = [-1], [dict(history["initial"])], dict(history["initial"])
    for height, _, _, source, target, amount in history["chain"]:
        if heights[-1] != height:
            heights.append(height)
            states.append(None)
        now[source] = now.get(source, 0) - amount
        now[target] = now.get(target, 0) + amount
        states[-1] = dict(now)
    return heights, states


def check_reads(history):
    heights, states = balances_by_height(history)
    total = sum(history["initial"].values())
    reads = [op for op in history["ops"] if op["kind"] in ("read", "sync") and op["outcome"] == "ok"]
    for op in reads:
        shown = op["balances"]
        if sum(shown.values()) != total:
            yield f"total: {label(op)} shows {sum(shown.values())} at height {op['height']}, there are {total}"
        expected = states[bisect.bisect_right(heights, op["height"]) - 1]
        wrong = [account for account, amount in shown.items() if expected.get(account, 0) != amount]
        if wrong:
            yield (f"reads: {label(op)} shows {shown[wrong[0]]} for {wrong[0]} at height {op['height']}, "
                   f"the order gives {expected.get(wrong[0], 0)}")
    plain = [op for op in reads if op["kind"] == "read"]  # the other kind asks for the height of its own block
    for node in sorted({op["node"] for op in plain}):
        yield from check_node_goes_on(node, [op for op in plain if op["node"] == node])


def check_node_goes_on(node, reads):
    """Of two reads of one node, the one that began after the other ended is of no lower height."""
    ended, highest, at = sorted(reads, key=lambda op: op["completed"]), None, 0
    for op in sorted(reads, key=lambda op: op["invoked"]):
        while at < len(ended) and ended[at]["completed"] < op["invoked"]:
            if highest is None or ended[at]["height"] > highest["height"]:
                highest = ended[at]
            at += 1
        if highest is not None and highest["height"] > op["height"]:
            yield (f"reads: {label(op)} is of height {op['height']} on {node}, "
                   f"where {label(highest)} was of {highest['height']}")


def faults_of(history):
    """Every fault, one line each; none for a history that is linearizable."""
    return [*check_agreement(history), *check_order(history), *check_real_time(history), *check_reads(history)]
