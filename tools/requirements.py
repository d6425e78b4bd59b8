#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints each row of docs/requirements.md with the tests that show it and how they last ended.

A test shows a row when a comment "@row N" (several: "@row N M") stands above it. Results are those of
the last ./test, in build/test. Ends with 1 where a test of a row failed, or where a mark names a row
or a test that does not exist.
"""

import argparse
import json
import pathlib
import re
import sys

import house

MARK = re.compile(r"^\s*(?://|#|\*|<!--)\s*@row\s+([\d ,]+)")
CPP = re.compile(r"^\s*(?:TYPED_)?TEST(?:_[FP])?\(\s*(\w+)\s*,\s*(\w+)\s*\)")
SCRIPT = re.compile(r"""(?:\b(?:test|it|check|step|say)\b\w*\(?\s*|^\s*)["'`](.+?)["'`]""")
ROW = re.compile(r"^\| (\d+) \| (.+?) \| .+? \| (.+?) \| (now|later) \|$")


def rows(root):
    found = {}
    for line in (root / "docs/requirements.md").read_text(encoding="utf-8").splitlines():
        matched = ROW.match(line)
        if matched:
            found[int(matched.group(1))] = matched.groups()[1:]
    return found


def marks(root):
    """(row, test's name, file) for every mark, and the faults of marks that mark nothing."""
    found, faults = [], []
    for path in house.files(root, "*_test.cpp", "*.mjs", "*.js", "*.ts", "*.py", "*.sh", "run", "cli"):
        if path.name == "requirements.py":
            continue
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        for i, line in enumerate(lines):
            matched = MARK.match(line)
            if not matched:
                continue
            name = next((n for n in map(name_of, lines[i + 1:i + 6]) if n), None)
            if not name:
                faults.append(f"{path}:{i + 1}: @row marks no test")
                continue
            found += [(int(row), name, path) for row in re.findall(r"\d+", matched.group(1))]
    return found, faults


def name_of(line):
    cpp = CPP.match(line)
    if cpp:
        return f"{cpp.group(1)}.{cpp.group(2)}"
    script = SCRIPT.search(line)
    return script.group(1) if script else None


def results(folder):
    """Test's name -> "passed", "failed" or "skipped", of the last run."""
    found = {}

    def say(name, verdict):
        if found.get(name) != "failed":
            found[name] = verdict

    for file in folder.glob("*/*_test.json"):
        try:
            suites = json.loads(file.read_text(errors="replace"))["testsuites"]
        except (ValueError, KeyError):
            continue
        for suite in suites:
            for test in suite["testsuite"]:
                if test.get("status") != "RUN":
                    continue
                verdict = "failed" if test.get("failures") else \
                    "skipped" if test.get("result") == "SKIPPED" else "passed"
                say(re.sub(r"^\w+/|/\d+", "", f"{suite['name']}.{test['name']}"), verdict)
    for log in folder.glob("commands/*.log"):
        for line in log.read_text(errors="replace").splitlines():
            matched = re.match(r"^\s*(ok|not ok|fail|skip)\b[\s:.-]+(.*)$", line, re.I)
            if matched:
                verdict = {"ok": "passed", "skip": "skipped"}.get(matched.group(1).lower(), "failed")
                say(matched.group(2).strip(), verdict)
    return found


def verdict_of(name, ran):
    """Exact, or the one line of a script's output that ends with the name or explains it."""
    if name in ran:
        return ran[name]
    like = {v for n, v in ran.items() if n.endswith(name) or n.startswith(name)}
    return "failed" if "failed" in like else like.pop() if len(like) == 1 else "not run"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path("."))
    parser.add_argument("--json", action="store_true", help="one object a row")
    args = parser.parse_args()
    known, ran = rows(args.root), results(args.root / "build/test")
    found, faults = marks(args.root)
    faults += [f"{path}: @row {row}, but docs/requirements.md has no such row"
               for row, _, path in found if row not in known]
    totals = {}
    for row, (text, source, when) in known.items():
        tests = sorted({(name, verdict_of(name, ran), str(path)) for r, name, path in found if r == row})
        verdicts = {v for _, v, _ in tests}
        state = "later" if when == "later" and not tests else "no test" if not tests else \
            next((v for v in ("failed", "not run", "skipped") if v in verdicts), "passed")
        totals[state] = totals.get(state, 0) + 1
        if args.json:
            print(json.dumps({"row": row, "text": text, "source": source, "state": state,
                              "tests": [{"name": n, "result": v, "file": p} for n, v, p in tests]}, ensure_ascii=False))
            continue
        print(f"{row:>3}  {state:<8} {text}  [{source}]")
        for name, verdict, path in tests:
            print(f"       {verdict:<8} {name}  ({path})")
    if not args.json:
        print("\n" + ", ".join(f"{count} {state}" for state, count in sorted(totals.items())))
    for fault in faults:
        print(fault, file=sys.stderr)
    sys.exit(1 if faults or totals.get("failed") else 0)


if __name__ == "__main__":
    main()
