# SPDX-License-Identifier: Apache-2.0
"""Histories that are wrong in one known way each: a checker that lets one pass proves nothing."""

import copy


def _acknowledged(history, kind):
    return [op for op in history["ops"] if op["kind"] == kind and op["outcome"] == "ok"]


def lost_transfer(history):
    """An acknowledged transfer is not in the order."""
    op = _acknowledged(history, "transfer")[-1]
    history["chain"] = [entry for entry in history["chain"] if entry[2] != op["hash"]]


def transfer_twice(history):
    """A transfer is carried out again later."""
    entry = list(history["chain"][0])
    entry[0] = history["chain"][-1][0] + 1
    history["chain"].append(entry)


def moved_transfer(history):
    """A transfer is in another block than its client was told."""
    op = _acknowledged(history, "transfer")[0]
    op["height"] += 1


def refused_transfer(history):
    """A transfer that was refused for good happened all the same."""
    op = next(op for op in history["ops"] if op["kind"] == "transfer" and op["outcome"] == "ok")
    op["outcome"] = "failed"


def other_amount(history):
    """A transfer moved more than was asked for."""
    history["chain"][len(history["chain"]) // 2][5] += 1


def stranger(history):
    """Something nobody asked for is in the order."""
    entry = list(history["chain"][-1])
    entry[1], entry[2], entry[5] = entry[1] + 1, "0x" + "ab" * 32, 0
    history["chain"].append(entry)


def order_against_time(history):
    """Two transfers, one acknowledged before the other was sent, change places everywhere."""
    done = sorted(_acknowledged(history, "transfer"), key=lambda op: op["completed"])
    first = done[0]
    second = next(op for op in done if op["invoked"] > first["completed"] and op["height"] > first["height"])
    for key in ("height", "index"):
        first[key], second[key] = second[key], first[key]
    places = {first["hash"]: first, second["hash"]: second}
    for entry in history["chain"]:
        if entry[2] in places:
            entry[0], entry[1] = places[entry[2]]["height"], places[entry[2]]["index"]
    history["chain"].sort(key=lambda entry: (entry[0], entry[1]))


def stale_read_through_the_order(history):
    """A read that went through the order shows an older state, right for that height."""
    reads = _acknowledged(history, "sync")
    late, early = max(reads, key=lambda op: op["height"]), min(reads, key=lambda op: op["height"])
    late["height"], late["balances"] = early["height"], early["balances"]


def stale_read_of_a_node(history):
    """A node shows an older state than it showed before."""
    reads = sorted(_acknowledged(history, "read"), key=lambda op: op["completed"])
    late = reads[-1]
    early = next(op for op in reads if op["node"] == late["node"])
    late["height"], late["balances"] = early["height"], early["balances"]


def money_from_nothing(history):
    """A read shows one unit too many."""
    balances = _acknowledged(history, "read")[-1]["balances"]
    balances[next(iter(balances))] += 1


def balances_exchanged(history):
    """A read shows the right total, at the wrong accounts."""
    op = _acknowledged(history, "read")[-1]
    one, other = sorted(op["balances"], key=op["balances"].get)[::len(op["balances"]) - 1]
    op["balances"][one], op["balances"][other] = op["balances"][other], op["balances"][one]


def half_a_transfer(history):
    """A read shows a transfer's money gone and not yet arrived, and somebody else's gain instead."""
    op = _acknowledged(history, "read")[-1]
    accounts = sorted(op["balances"])
    op["balances"][accounts[0]] -= 1
    op["balances"][accounts[1]] += 1


def two_chains(history):
    """One node has another block than the others."""
    node = sorted(history["nodes"])[-1]
    history["nodes"][node][len(history["nodes"][node]) // 2] = "0x" + "cd" * 32


KINDS = (lost_transfer, transfer_twice, moved_transfer, refused_transfer, other_amount, stranger, order_against_time,
         stale_read_through_the_order, stale_read_of_a_node, money_from_nothing, balances_exchanged, half_a_transfer,
         two_chains)


def doctored(history):
    """(name, description, a copy with that one thing wrong) for each kind."""
    for kind in KINDS:
        wrong = copy.deepcopy(history)
        kind(wrong)
        yield kind.__name__, kind.__doc__, wrong
