#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when clang-tidy-19 warns about a file that differs from --base, or one of --files.

Headers are seen through the sources that include them and differ too.
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess

import house


def faults_of(path, headers, build, root):
    command = ["clang-tidy-19", "--quiet", f"--config-file={root / '.clang-tidy'}", f"--header-filter={headers}", path]
    command += ["-p", build] if build else []
    command += [] if build else ["--", "-std=c++23", "-I", root / "src"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    found = sorted({l for l in ran.stdout.splitlines() if re.search(r": (warning|error):", l)})
    if ran.returncode != 0 and not found:
        found = [f"{path}: clang-tidy-19 ended with {ran.returncode}: {ran.stderr.strip()[-300:]}"]
    return found


def main():
    args = house.arguments(__doc__, base={"default": ""}, build={"default": ""}, files={"nargs": "*"},
                           jobs={"type": int, "default": os.cpu_count() or 1})
    if args.files:
        paths = [pathlib.Path(f) for f in args.files]
    else:
        paths = [p for p in house.changed(args.root, args.base, "*.cpp") if "src" in p.parts]
    headers = "|".join(re.escape(p.as_posix().removeprefix("./")) + "$"
                       for p in house.changed(args.root, args.base, "*.hpp")) if not args.files else ""
    headers = headers or "^$"
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        faults = sorted({f for found in pool.map(lambda p: faults_of(p, headers, args.build, args.root), paths) for f in found})
    house.finish(faults, f"{len(paths)} changed sources pass the linter")


if __name__ == "__main__":
    main()
