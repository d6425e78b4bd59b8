#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when documents and tree drift apart.

src/LAYERS, the folders of src/wusong, the layer each module README states, the rooms table of
docs/ARCHITECTURE.md and the DEPS of each CMakeLists.txt say the same; every package that
tools/packages.txt installs and every dependency of tests/e2e has its line in docs/DEPENDENCIES.md;
every ADR is listed in docs/adr/README.md.
"""

import json
import re

import house


def module_faults(root, layer):
    built = house.modules(root)
    for module in built:
        if module == "testkit":
            continue
        home = root / "src/wusong" / module
        if module not in layer:
            yield f"src/wusong/{module} is not in src/LAYERS"
            continue
        readme = home / "README.md"
        if not readme.exists():
            yield f"{home} has no README.md"
            continue
        text = readme.read_text(encoding="utf-8")
        if not text.startswith(f"# {module}\n"):
            yield f"{readme}: the first line is # {module}"
        stated = re.search(r"\bLayer (\d+)\b", text)
        if not stated or int(stated.group(1)) != layer[module]:
            yield f"{readme}: says {stated.group() if stated else 'no layer'}; src/LAYERS says {layer[module]}"
        for part in ("**Not here:**", "**Try it:**"):
            if part not in text:
                yield f"{readme}: has no {part}"
        yield from dependency_faults(root, home, module)
    for module in sorted(set(layer) - set(built)):
        yield f"src/LAYERS names '{module}', but src/wusong/{module} holds no code"


def dependency_faults(root, home, module):
    """DEPS lists what is included and nothing else."""
    cmake = (home / "CMakeLists.txt").read_text(encoding="utf-8")
    call = re.search(r"wusong_module\(\s*" + module + r"\b(.*?)\)", cmake, re.S)
    if not call:
        yield f"{home}/CMakeLists.txt: no wusong_module({module} …)"
        return
    words, listed, key = call.group(1).split(), {"DEPS": set(), "TEST_DEPS": set()}, None
    for word in words:
        if word in ("DEPS", "TEST_DEPS", "LIBS", "TEST_LIBS", "BENCH_LIBS", "EXCEPTIONS"):
            key = word
        elif key in listed:
            listed[key].add(word)
    used, used_by_tests = set(), set()
    for path in house.files(home, "*.hpp", "*.cpp"):
        if path.name.endswith("_main.cpp"):
            continue
        names = set(re.findall(r'#include "wusong/(\w+)/', path.read_text(encoding="utf-8"))) - {module, "testkit"}
        (used_by_tests if re.search(r"_(test|fuzz|bench)\.cpp$|/test_", path.as_posix()) else used).update(names)
    if missing := used - listed["DEPS"]:
        yield f"{home}/CMakeLists.txt: DEPS lacks {', '.join(sorted(missing))}"
    if extra := listed["DEPS"] - used - used_by_tests:
        yield f"{home}/CMakeLists.txt: DEPS names {', '.join(sorted(extra))}, which nothing here includes"
    if missing := used_by_tests - listed["DEPS"] - listed["TEST_DEPS"]:
        yield f"{home}/CMakeLists.txt: TEST_DEPS lacks {', '.join(sorted(missing))}"


def map_faults(root, layer):
    path = root / "docs/ARCHITECTURE.md"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    rows = {m: int(n) for n, m in re.findall(r"^\|\s*(\d+)\s*\|\s*\[?`(\w+)`", text, re.M)}
    for module in sorted(set(layer) | set(rows)):
        if rows.get(module) != layer.get(module):
            yield (f"docs/ARCHITECTURE.md: rooms table has '{module}' at {rows.get(module, 'no layer')}, "
                   f"src/LAYERS at {layer.get(module, 'no layer')}")


def package_faults(root):
    path = root / "docs/DEPENDENCIES.md"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    wanted = set()
    packages = root / "tools/packages.txt"
    if packages.exists():
        wanted |= {l.split()[1] for l in packages.read_text().splitlines() if l.strip() and l[0] != "#"}
    for manifest in (root / "tests/e2e/package.json", root / "tools/bench/package.json"):
        if manifest.exists():
            wanted |= set(json.loads(manifest.read_text()).get("dependencies", {}))
    for name in sorted(wanted):
        if f"`{name}`" not in text:
            yield f"docs/DEPENDENCIES.md: no line about `{name}`"


def adr_faults(root):
    folder = root / "docs/adr"
    index = folder / "README.md"
    text = index.read_text(encoding="utf-8") if index.exists() else ""
    numbers = {}
    for path in sorted(folder.glob("[0-9]*.md")):
        if path.name not in text:
            yield f"{index}: does not list {path.name}"
        if path.name[:4] in numbers:
            yield f"{path}: shares its number with {numbers[path.name[:4]]}"
        numbers[path.name[:4]] = path.name


def main():
    root = house.arguments(__doc__).root
    layer = house.layers(root)
    faults = [*module_faults(root, layer), *map_faults(root, layer), *package_faults(root), *adr_faults(root)]
    house.finish(faults, f"the documents agree with the tree's {len(layer)} modules")


if __name__ == "__main__":
    main()
