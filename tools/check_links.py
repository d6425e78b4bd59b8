#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when a Markdown link inside the tree leads nowhere, or a file named in `code` of docs is gone."""

import re

import house

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.S | re.M)
NAMED = re.compile(r"`((?:src|docs|tools|tests|cmake)/[\w./-]+\.\w+)`")


def anchors(text):
    out = set()
    for heading in re.findall(r"^#+\s+(.*)$", FENCE.sub("", text), re.M):
        plain = re.sub(r"[`*_]|\[([^\]]*)\]\([^)]*\)", lambda m: m.group(1) or "", heading).strip().lower()
        out.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return out


def faults(path, root):
    text = path.read_text(encoding="utf-8")
    plain = FENCE.sub("", text)
    for target in (a or b for a, b in LINK.findall(plain)):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file) if file else path
        if not there.exists():
            yield f"{path}: link to {target}: there is no {there}"
        elif anchor and there.suffix == ".md" and anchor not in anchors(there.read_text(encoding="utf-8")):
            yield f"{path}: link to {target}: no such heading"
    for name in NAMED.findall(plain):
        if not (root / name).exists() and not (path.parent / name).exists():
            yield f"{path}: names `{name}`, which does not exist"


def main():
    root = house.arguments(__doc__).root
    paths = house.files(root, "*.md")
    house.finish([f for p in paths for f in faults(p, root)], f"the links of {len(paths)} documents lead somewhere")


if __name__ == "__main__":
    main()
