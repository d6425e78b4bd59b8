#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when a header, a source file, a function or a module outgrows its limit.

Limits: header 400 lines, source 1,000, function 70, module 80 files, README.md 120 lines. Files in
tools/sizes_excused.txt are let off; that list starts empty and may only shrink.
"""

import re

import house

HEADER_MAX, SOURCE_MAX, FUNCTION_MAX, MODULE_MAX, README_MAX = 400, 1000, 70, 80, 120
COMMENT_OR_TEXT = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)
NOT_A_FUNCTION = re.compile(r"^\s*(namespace|class|struct|union|enum|extern)\b|=\s*$|\breturn\s*$")
LAMBDA_OR_BODY = re.compile(r"\)\s*(const|noexcept(\([^)]*\))?|override|final|mutable|&&?|->\s*[\w:<>,&*\s\[\]]+|\s)*$")


def blanked(text):
    """Comments and literals as blanks, so that braces mean blocks; line numbers stay."""
    return COMMENT_OR_TEXT.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def functions(text):
    """(first line, lines) of every function with a body, found by its braces; nested ones are part
    of the outermost."""
    text = blanked(text)
    depth_of_function, depth, head, start = None, 0, 0, 0
    for match in re.finditer(r"[{};]", text):
        char, at = match.group(), match.start()
        if char == "{":
            before = text[head:at]
            is_block = LAMBDA_OR_BODY.search(before) or re.search(r"\)\s*:\s*\w+.*$", before, re.S)
            if depth_of_function is None and is_block and not NOT_A_FUNCTION.search(before.strip()):
                depth_of_function = depth
                start = head + len(before) - len(before.lstrip())
            depth += 1
        elif char == "}":
            depth -= 1
            if depth_of_function is not None and depth == depth_of_function:
                first = text.count("\n", 0, start) + 1
                yield first, text.count("\n", 0, at) + 2 - first
                depth_of_function = None
        head = at + 1


def faults_of(path):
    text = path.read_text(encoding="utf-8")
    limit = HEADER_MAX if path.suffix == ".hpp" else SOURCE_MAX
    lines = text.count("\n")
    if lines > limit:
        yield f"{path}: {lines} lines, at most {limit}"
    for first, count in functions(text):
        if count > FUNCTION_MAX:
            yield f"{path}:{first}: a function of {count} lines, at most {FUNCTION_MAX}"


def main():
    root = house.arguments(__doc__).root
    excuses = root / "tools/sizes_excused.txt"
    excused = {l.strip() for l in excuses.read_text().splitlines()} if excuses.exists() else set()
    paths = house.files(root / "src", "*.hpp", "*.cpp")
    faults = [f for p in paths if p.relative_to(root).as_posix() not in excused for f in faults_of(p)]
    for module in house.modules(root):
        count = len(house.files(root / "src/wusong" / module, "*.hpp", "*.cpp"))
        if count > MODULE_MAX:
            faults.append(f"src/wusong/{module}: {count} files, at most {MODULE_MAX}: split it")
    for readme in [root / "README.md", root / "README.zh-CN.md"]:
        if readme.exists() and (count := readme.read_text(encoding="utf-8").count("\n")) > README_MAX:
            faults.append(f"{readme}: {count} lines, at most {README_MAX}")
    house.finish(faults, f"{len(paths)} files are within their sizes")


if __name__ == "__main__":
    main()
