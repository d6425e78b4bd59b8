#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when clang-format-19 would change a file. --fix changes it."""

import subprocess

import house


def main():
    args = house.arguments(__doc__, fix={"action": "store_true"})
    paths = house.files(args.root, "*.hpp", "*.cpp")
    mode = ["-i"] if args.fix else ["--dry-run", "--Werror", "--ferror-limit=1"]
    failed = []
    for start in range(0, len(paths), 50):
        ran = subprocess.run(["clang-format-19", *mode, *paths[start:start + 50]], capture_output=True, text=True,
                             check=False)
        if ran.returncode != 0:
            failed += [l for l in ran.stderr.splitlines() if "error:" in l]
    if failed:
        failed.append("mend it with: python3 tools/check_format.py --fix")
    house.finish(failed, f"{len(paths)} files are formatted")


if __name__ == "__main__":
    main()
