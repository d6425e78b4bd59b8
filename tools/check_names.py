#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails on names that a linter does not see: files, namespaces, licence lines, error numbers.

A module's error rows have numbers of the range that docs/HACKING.md gives it and are named after
it; no number and no name appears twice.
"""

import re

import house

SNAKE = re.compile(r"[a-z][a-z0-9_]*\.(hpp|cpp)")
NAMESPACE = re.compile(r"^\s*namespace\s+([\w:]+)\s*\{", re.M)
ROW = re.compile(r"\bErrorInfo\s+(\w+)\s*\{\s*(\d+)\s*,\s*Disposition::\w+\s*,\s*\"([^\"]+)\"", re.S)
ROW_BY_MACRO = re.compile(r"^\s*WUSONG_\w+_ROW\(\s*(\d+)\s*,\s*(\w+)\s*\)", re.M)
RANGE = re.compile(r"^\|\s*`(\w+)`\s*\|\s*(\d+)\s*[–-]\s*(\d+)\s*\|", re.M)


def file_faults(path, module):
    if not SNAKE.fullmatch(path.name):
        yield f"{path}: file names are snake_case"
    text = path.read_text(encoding="utf-8")
    if not text.startswith("// SPDX-License-Identifier: Apache-2.0\n"):
        yield f"{path}: the first line is // SPDX-License-Identifier: Apache-2.0"
    if path.suffix == ".hpp" and "\n#pragma once\n" not in text:
        yield f"{path}: a header says #pragma once"
    for name in NAMESPACE.findall(text):
        if not name.startswith("wusong") or name.split("::")[0] != "wusong":
            continue
        parts = name.split("::")
        if len(parts) > 1 and parts[1] != module and module not in ("base", "math"):
            yield f"{path}: namespace {name} is not of module '{module}'"


def error_faults(root):
    ranges = {}
    table = root / "docs/HACKING.md"
    if table.exists():
        ranges = {m: (int(a), int(b)) for m, a, b in RANGE.findall(table.read_text(encoding="utf-8"))}
    numbers, names = {}, {}
    for path in house.files(root / "src/wusong", "*.hpp", "*.cpp"):
        module = path.relative_to(root / "src/wusong").parts[0]
        if path.name.endswith(("_test.cpp", "_fuzz.cpp", "_bench.cpp")) or module == "testkit":
            continue
        text = path.read_text(encoding="utf-8")
        rows = ROW.findall(text) + [(n, d, f"{module}.{n}") for d, n in ROW_BY_MACRO.findall(text)]
        for row, digits, name in rows:
            number = int(digits)
            if name != f"{module}.{row}":
                yield f"{path}: error {row} is named \"{name}\", not \"{module}.{row}\""
            if module not in ranges:
                yield f"{path}: docs/HACKING.md gives module '{module}' no range of error numbers"
            elif not ranges[module][0] <= number <= ranges[module][1]:
                yield f"{path}: error {number} is outside {ranges[module][0]}–{ranges[module][1]}"
            for seen, key in ((numbers, number), (names, name)):
                if key in seen:
                    yield f"{path}: error {key} is also in {seen[key]}"
                seen[key] = path


def main():
    root = house.arguments(__doc__).root
    faults = []
    paths = house.files(root / "src/wusong", "*.hpp", "*.cpp")
    for path in paths:
        faults += file_faults(path, path.relative_to(root / "src/wusong").parts[0])
    faults += error_faults(root)
    house.finish(faults, f"{len(paths)} files and their errors are named by the rules")


if __name__ == "__main__":
    main()
