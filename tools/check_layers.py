#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when an #include climbs or crosses the layers declared in src/LAYERS."""

import re

import house

EVIDENCE = re.compile(r"(_(test|fuzz|bench)|/internal/test_\w+)\.[hc]pp$")  # these may also include testkit/
IMPURE = re.compile(r"<(thread|mutex|shared_mutex|condition_variable|future|fstream|iostream|random|"
                    r"unordered_map|unordered_set|filesystem|sys/.*|unistd\.h)>")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"][^>"]+[>"])', re.M)


def faults(path, root, layer):
    home = path.relative_to(root / "src/wusong").parts[0]
    evidence = EVIDENCE.search(path.as_posix())
    if home == "testkit":
        return
    if home not in layer:
        yield f"module '{home}' is not in src/LAYERS"
        return
    for include in INCLUDE.findall(path.read_text(encoding="utf-8")):
        name = include[1:-1]
        if ".." in name or (include[0] == '"') != name.startswith("wusong/"):
            yield f"{include}: ours are quoted and start with wusong/; all others use <>"
        elif IMPURE.match(include) and layer[home] < layer["platform"] and not evidence:
            yield f"{include}: '{home}' is pure; ask for a port in wusong/io"
        elif name.startswith("wusong/") and (there := name.split("/")[1]) != home:
            if there == "testkit":
                if not evidence:
                    yield f"{include}: test code in shipped code"
            elif "/internal/" in name:
                yield f"{include}: internal to '{there}'"
            elif layer.get(there, 99) >= layer[home]:
                yield f"{include}: '{home}' may not see '{there}'"


def main():
    root = house.arguments(__doc__).root
    layer = house.layers(root)
    paths = house.files(root / "src/wusong", "*.hpp", "*.cpp")
    house.finish([f"{p}: {f}" for p in paths for f in faults(p, root, layer)], f"{len(paths)} files keep to the layers")


if __name__ == "__main__":
    main()
