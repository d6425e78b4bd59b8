#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when a header does not compile alone. --changed looks only at what differs from --base.

A header that some source file includes first is compiled alone by every build, so only the others
are tried here.
"""

import concurrent.futures
import os
import re
import subprocess

import house

FLAGS = ["-std=c++23", "-fsyntax-only", "-x", "c++", "-Wall", "-Wextra", "-Wno-pragma-once-outside-header",
         "-Wno-missing-designated-field-initializers", "-Werror",
         "-march=x86-64-v3", "-DBOOST_ASIO_SEPARATE_COMPILATION", "-DBOOST_BEAST_SEPARATE_COMPILATION"]


def fault(path, root):
    ran = subprocess.run(["clang++-19", *FLAGS, "-I", root / "src", path], capture_output=True, text=True, check=False)
    if ran.returncode == 0:
        return None
    first = next((l for l in ran.stderr.splitlines() if "error:" in l), ran.stderr[:200])
    return f"{path}: does not compile alone: {first}"


def included_first(root):
    """Headers that the build itself proves."""
    out = set()
    for path in house.files(root / "src", "*.cpp"):
        if first := re.search(r'^#include ["<]([^">]+)[">]', path.read_text(encoding="utf-8"), re.M):
            out.add(root / "src" / first.group(1))
    return out


def main():
    args = house.arguments(__doc__, changed={"action": "store_true"}, base={"default": ""},
                           jobs={"type": int, "default": os.cpu_count() or 1})
    paths = house.changed(args.root, args.base, "*.hpp") if args.changed else house.files(args.root / "src", "*.hpp")
    proved = included_first(args.root)
    tried = [p for p in paths if p not in proved]
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        faults = [f for f in pool.map(lambda p: fault(p, args.root), tried) if f]
    house.finish(faults, f"{len(paths)} headers compile alone: {len(tried)} tried, the others lead a source file")


if __name__ == "__main__":
    main()
