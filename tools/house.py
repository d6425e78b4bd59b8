# SPDX-License-Identifier: Apache-2.0
"""What the checkers share: which files there are, and how faults are reported."""

import argparse
import os
import pathlib
import subprocess
import sys


def arguments(doc, **extra):
    """Every checker takes --root, so that a fixture can stand in for the tree."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--root", default=".", help="the tree to check")
    for name, options in extra.items():
        parser.add_argument("--" + name.replace("_", "-"), **options)
    args = parser.parse_args()
    args.root = pathlib.Path(args.root)
    return args


def files(root, *patterns):
    """Files of the tree in order, without what is built, fetched or made to be wrong."""
    skipped = {"build", "data", "node_modules", "fixtures", ".git", ".deps", "third_party", "__pycache__"}
    found = set()
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f not in skipped]
        for name in names:
            path = pathlib.Path(folder) / name
            if any(path.match(pattern) for pattern in patterns):
                found.add(path)
    return sorted(found)


def layers(root):
    """Module -> layer number, from src/LAYERS."""
    out = {}
    for line in (root / "src/LAYERS").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            number, *modules = line.split()
            out.update({module: int(number) for module in modules})
    return out


def modules(root):
    """Folders of src/wusong that hold code."""
    return sorted(p.name for p in (root / "src/wusong").iterdir()
                  if p.is_dir() and any(p.glob("*.[hc]pp")))


def changed(root, base, *patterns):
    """Files that differ from `base` (the commit before the last), committed or not."""
    def git(*words):
        return subprocess.run(["git", "-C", root, *words], capture_output=True, text=True, check=False)

    if not base:
        base = "HEAD~1" if git("rev-parse", "-q", "--verify", "HEAD~1").returncode == 0 else "HEAD"
    listed = git("diff", "--name-only", "--diff-filter=d", base)
    if listed.returncode != 0:
        sys.exit(f"cannot compare with {base}: {listed.stderr.strip()}")
    names = listed.stdout.split("\n") + git("ls-files", "--others", "--exclude-standard").stdout.split("\n")
    return sorted({p for p in (root / n for n in names if n)
                   if p.is_file() and "fixtures" not in p.parts and any(p.match(x) for x in patterns)})


def finish(faults, what):
    """Prints faults, or what was found in order, and ends the program."""
    for fault in faults:
        print(fault)
    if not faults:
        print(what)
    sys.exit(1 if faults else 0)
