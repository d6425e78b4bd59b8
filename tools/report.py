#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs evidence and keeps count, for ./test.

  report.py gtest   RESULTS BIN_FOLDER [--only unit|vectors|time|simulation …] [--programs NAME…] [--sample | --kind KIND]
  report.py fuzz    RESULTS BIN_FOLDER
  report.py command RESULTS KIND NAME -- COMMAND…   counts "ok …" and "not ok …" lines, else 1
  report.py skip    RESULTS KIND NAME REASON [COUNT]
  report.py fail    RESULTS KIND NAME REASON
  report.py summary RESULTS

RESULTS is a file with one JSON object a line. Every command but summary exits 0 when it could
record what happened; summary exits 1 when anything failed.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import time

TIMEOUT_SECONDS = 2400
KINDS = ["house rules", "unit", "published vectors", "constant time", "fuzz replay", "simulation", "end to end", "contracts", "portal", "web", "faults"]
TEST_HEAD = re.compile(r"^(?:TYPED_)?TEST(?:_[FP])?\(", re.M)
VECTORS = re.compile(r"vectors not found|\brecord_vectors\(")
TAP = re.compile(r"^\s*(ok|not ok|fail|skip)\b[\s:.-]+(.*)$", re.I)


def add(results, **record):
    with open(results, "a", encoding="utf-8") as out:
        out.write(json.dumps(record) + "\n")


def row(record):
    counts = f"{record['passed']} passed"
    if record["failed"]:
        counts += f", {record['failed']} FAILED"
    if record["skipped"]:
        counts += f", {record['skipped']} skipped"
    print(f"  {record['seconds']:6.1f}s  {record['name']:<44} {counts}", flush=True)
    for line in record.get("failures", [])[:20]:
        print(f"           {line}", flush=True)


def record_of(kind, name, seconds, passed=0, failed=0, skipped=0, reasons=None, failures=None, source=""):
    return {"kind": kind, "name": name, "source": source, "seconds": round(seconds, 2), "passed": passed,
            "failed": failed, "skipped": skipped, "reasons": reasons or {}, "failures": failures or []}


# --- GoogleTest -------------------------------------------------------------------------------


class Source:
    """Where tests begin in a file, to see which of them run published vectors."""

    cache = {}

    def __init__(self, path):
        try:
            self.text = pathlib.Path(path).read_text(encoding="utf-8")
        except OSError:
            self.text = ""
        self.heads = [m.start() for m in TEST_HEAD.finditer(self.text)]

    @classmethod
    def of(cls, path):
        return cls.cache.setdefault(path, cls(path))

    def runs_vectors(self, suite, name):
        head = re.search(rf"TEST(?:_[FP])?\(\s*{suite}\s*,\s*{name}\s*\)", self.text)
        if not head:
            return False
        end = next((h for h in self.heads if h > head.start()), len(self.text))
        return bool(VECTORS.search(self.text[head.start():end]))


def kind_of(binary, suite, test):
    if binary.name == "sim_test":
        return "simulation"
    if suite == "ConstantTime":
        return "constant time"
    path = re.sub(r"^(\.\./)+", "", test.get("file", ""))
    return "published vectors" if Source.of(path).runs_vectors(re.escape(suite), re.escape(test["name"])) else "unit"


def listed(binary, scratch):
    file = scratch / f"{binary.name}.list.json"
    subprocess.run([binary, "--gtest_list_tests", f"--gtest_output=json:{file}"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)
    tests = {}
    for suite in json.loads(file.read_text())["testsuites"]:
        for test in suite["testsuite"]:
            tests[f"{suite['name']}.{test['name']}"] = kind_of(binary, suite["name"], test)
    return tests


def run_binary(binary, only, kind_shown, scratch):
    """One test program; returns its records, one for each kind and source."""
    began = time.monotonic()
    try:
        kinds = listed(binary, scratch)
    except (subprocess.SubprocessError, OSError, ValueError) as error:
        return [record_of("unit", binary.name, 0, failed=1, failures=[f"cannot list tests: {error}"])]
    chosen = [name for name, kind in kinds.items() if kind in only]
    if not chosen:
        return []
    file, log = scratch / f"{binary.name}.json", scratch / f"{binary.name}.log"
    file.unlink(missing_ok=True)
    command = [binary, f"--gtest_output=json:{file}"]
    if len(chosen) < len(kinds):
        command.append("--gtest_filter=" + ":".join(chosen))
    with open(log, "w", encoding="utf-8") as out:
        try:
            code = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, timeout=TIMEOUT_SECONDS,
                                  check=False).returncode
        except subprocess.TimeoutExpired:
            code = f"no end within {TIMEOUT_SECONDS} s"
    return records_of(binary, kinds, kind_shown, file, log, code, time.monotonic() - began)


def records_of(binary, kinds, kind_shown, file, log, code, seconds):
    out = {}

    def at(kind, source=""):
        if (shown := kind_shown(kind)) != kind:
            kind, source = shown, ""
        return out.setdefault((kind, source), record_of(kind, binary.name, 0, source=source))

    try:
        suites = json.loads(file.read_text(errors="replace"))["testsuites"]
    except (OSError, ValueError):
        tail = log.read_text(errors="replace").splitlines()[-15:]
        return [record_of("unit", binary.name, seconds, failed=1,
                          failures=[f"ended with {code} before it could report; see {log}"] + tail)]
    for suite in suites:
        for test in suite["testsuite"]:
            name = f"{suite['name']}.{test['name']}"
            kind = "published vectors" if "vectors" in test else kinds.get(name, "unit")
            record = at(kind, test.get("source", "") if kind == "published vectors" else "")
            cases = int(test.get("vectors", 1)) if kind == "published vectors" else 1
            record["seconds"] = round(record["seconds"] + float(test.get("time", "0s").rstrip("s")), 2)
            if test.get("failures"):
                record["failed"] += int(test.get("vector_failures", 1)) or 1
                first = test["failures"][0]["failure"].strip().splitlines()
                record["failures"].append(f"{name}: " + " | ".join(first[:6]))
            elif test.get("result") == "SKIPPED":
                record["skipped"] += cases
                why = skip_reason(log, name)
                record["reasons"][why] = record["reasons"].get(why, 0) + cases
            elif test.get("status") == "RUN":
                record["passed"] += cases
    if code != 0 and not any(r["failed"] for r in out.values()):
        at("unit")["failed"] += 1
        at("unit")["failures"].append(f"ended with {code} although no test failed; see {log}")
    return list(out.values())


def skip_reason(log, name):
    """GoogleTest 1.12 prints the reason, but leaves it out of its JSON."""
    lines = log.read_text(errors="replace").splitlines()
    try:
        start = next(i for i, l in enumerate(lines) if l.startswith("[ RUN") and l.endswith(" " + name))
    except StopIteration:
        return "no reason given"
    for i in range(start, len(lines)):
        if ": Skipped" in lines[i] and i + 1 < len(lines):
            return lines[i + 1].strip()
        if "[  SKIPPED ]" in lines[i]:
            break
    return "no reason given"


def gtest(args):
    found = [pathlib.Path(args.bin, name) for name in args.programs] or pathlib.Path(args.bin).glob("*_test")
    binaries = sorted(p for p in found if args.programs or (os.access(p, os.X_OK) and p.is_file()))

    def kind_shown(kind):
        if args.sample and kind != "unit":
            return f"{kind}, sample under sanitizers"
        return args.kind or kind

    scratch = pathlib.Path(args.results).parent / pathlib.Path(args.bin).parent.name
    scratch.mkdir(parents=True, exist_ok=True)
    only = [k for k in KINDS if k in args.only or k.split()[-1] in args.only] or KINDS
    # The long ones first, so that the last minutes keep every core busy.
    binaries.sort(key=lambda b: b.name not in ("exec_test", "sim_test", "crypto_test"))
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for done in concurrent.futures.as_completed(
                [pool.submit(run_binary, b, only, kind_shown, scratch) for b in binaries]):
            for record in done.result():
                add(args.results, **record)
                row(record | {"name": record["name"] + (f": {record['source']}" if record["source"] else "")})


# --- the rest ---------------------------------------------------------------------------------


def fuzz(args):
    binaries = sorted(p for p in pathlib.Path(args.bin).glob("*_fuzz") if os.access(p, os.X_OK))
    for binary in binaries:
        corpus = pathlib.Path("tests/corpus") / re.sub("_fuzz$", "", binary.name)
        began = time.monotonic()
        try:
            ran = subprocess.run([binary, corpus], capture_output=True, text=True, timeout=TIMEOUT_SECONDS,
                                 errors="replace", check=False)
            code, output = ran.returncode, ran.stdout + ran.stderr
        except subprocess.TimeoutExpired:
            code, output = "a timeout", ""
        found = re.search(r"replayed (\d+) inputs", output)
        good = code == 0 and found
        record = record_of("fuzz replay", binary.name, time.monotonic() - began,
                           passed=int(found.group(1)) if good else 0, failed=0 if good else 1,
                           failures=[] if good else [f"ended with {code}"] + output.splitlines()[-12:])
        add(args.results, **record)
        row(record)


def command(args):
    began = time.monotonic()
    passed, failures, skipped = 0, [], {}
    logs = pathlib.Path(args.results).parent / "commands"
    logs.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(args.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace") as process, \
            open(logs / f"{args.name.replace('/', '-')}.log", "w", encoding="utf-8") as log:
        tail = []
        for line in process.stdout:
            log.write(line)
            if args.show:
                print("           " + line.rstrip(), flush=True)
            tail = (tail + [line.rstrip()])[-25:]
            found = TAP.match(line)
            if not found:
                continue
            verdict, what = found.group(1).lower(), found.group(2)
            if verdict == "ok":
                passed += 1
            elif verdict == "skip":
                why = what.partition(": ")[2] or what
                skipped[why] = skipped.get(why, 0) + 1
            else:
                failures.append(what)
    failed = len(failures)
    # A script's own count says more than the lines it shows.
    told = re.fullmatch(r"(\d+) passed, (\d+) failed, (\d+) skipped", tail[-1].strip()) if tail else None
    if told:
        passed, failed = int(told.group(1)), max(failed, int(told.group(2)))
        if int(told.group(3)) != sum(skipped.values()):
            skipped = {"the script says why": int(told.group(3))} if int(told.group(3)) else {}
    if process.returncode != 0 and not failed:
        failed, failures = 1, [f"ended with {process.returncode}"] + tail
    elif process.returncode == 0 and not passed and not failed and not skipped:
        passed = 1
    record = record_of(args.kind, args.name, time.monotonic() - began, passed=passed, failed=failed,
                       skipped=sum(skipped.values()), reasons=skipped, failures=failures)
    add(args.results, **record)
    row(record)


def skip(args):
    record = record_of(args.kind, args.name, 0, skipped=args.count, reasons={args.reason: args.count})
    add(args.results, **record)
    print(f"     skip  {args.name:<44} {args.reason}", flush=True)


def fail(args):
    add(args.results, **record_of(args.kind, args.name, 0, failed=1, failures=[args.reason]))


def summary(args):
    try:
        records = [json.loads(line) for line in open(args.results, encoding="utf-8")]
    except OSError:
        records = []
    totals = [sum(r[k] for r in records) for k in ("passed", "failed", "skipped")]
    print(f"\n{'kind':<52}{'passed':>8}{'failed':>8}{'skipped':>9}")
    kinds = KINDS + sorted({r["kind"] for r in records} - set(KINDS))
    for kind in kinds:
        mine = [r for r in records if r["kind"] == kind]
        if mine:
            line(kind, mine)
        for source in sorted({r["source"] for r in mine} - {""}):
            line("  " + source, [r for r in mine if r["source"] == source])
    reasons = {}
    for r in records:
        for why, count in r["reasons"].items():
            reasons.setdefault((r["kind"], why), [0, set()])
            reasons[r["kind"], why][0] += count
            reasons[r["kind"], why][1].add(r["name"])
    if reasons:
        print("\nSkipped:")
        for (kind, why), (count, names) in sorted(reasons.items()):
            print(f"  {count:>6}  {kind}: {why} ({', '.join(sorted(names))})")
    failures = [(r["name"], f) for r in records for f in r["failures"] if r["failed"]]
    if failures:
        print("\nFailed:")
        for name, text in failures[:60]:
            print(f"  {name}: {text}")
    print(f"\n{totals[0]} passed, {totals[1]} failed, {totals[2]} skipped")
    return 1 if totals[1] or not totals[0] else 0


def line(name, records):
    sums = [sum(r[k] for r in records) for k in ("passed", "failed", "skipped")]
    print(f"{name:<52}{sums[0]:>8}{sums[1]:>8}{sums[2]:>9}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)

    def sub(name, function):
        made = commands.add_parser(name)
        made.add_argument("results")
        made.set_defaults(function=function)
        return made

    made = sub("gtest", gtest)
    made.add_argument("bin")
    made.add_argument("--only", nargs="*", default=[])
    made.add_argument("--sample", action="store_true", help="count vectors and simulation as a sample")
    made.add_argument("--programs", nargs="+", default=[], help="these alone; one that is missing fails")
    made.add_argument("--kind", help="count all of them as this")
    made.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    sub("fuzz", fuzz).add_argument("bin")
    made = sub("command", command)
    made.add_argument("kind")
    made.add_argument("name")
    made.add_argument("--show", action="store_true")
    made.add_argument("command", nargs="+")
    made = sub("skip", skip)
    for name in ("kind", "name", "reason"):
        made.add_argument(name)
    made.add_argument("count", type=int, nargs="?", default=1)
    made = sub("fail", fail)
    for name in ("kind", "name", "reason"):
        made.add_argument(name)
    sub("summary", summary)
    args = parser.parse_args()
    sys.exit(args.function(args) or 0)


if __name__ == "__main__":
    main()
