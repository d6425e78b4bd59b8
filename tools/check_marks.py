#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails on marks of work left over: what is not done is an issue, not a comment."""

import re

import house

# Put together here, so that this file does not find itself.
WORDS = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK", "TB" + "D", "W" + "IP", "not " + "implemented"]
MARK = re.compile(r"(?<![\w-])(" + "|".join(WORDS) + r")(?![\w-])")
PATTERNS = ["*.hpp", "*.cpp", "*.txt", "*.cmake", "*.py", "*.sh", "*.mjs", "*.md", "*.sol", "*.json", "run", "test", "bench"]


def main():
    root = house.arguments(__doc__).root
    faults = []
    paths = [p for p in house.files(root, *PATTERNS) if "corpus" not in p.parts and p.name != "package-lock.json"]
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if found := MARK.search(line):
                faults.append(f"{path}:{number}: \"{found.group()}\"")
    house.finish(faults, f"{len(paths)} files carry no mark of work left over")


if __name__ == "__main__":
    main()
