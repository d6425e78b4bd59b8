#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each checker rejects its fixtures: tools/fixtures/<checker>/<case> is a tree with what is wrong in it,
and expected.txt holds a part of each line the checker must print."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOLS = pathlib.Path(__file__).resolve().parent
FIXTURES = TOOLS / "fixtures"


def run(checker, root, *more):
    return subprocess.run([sys.executable, TOOLS / f"check_{checker}.py", "--root", root, *more],
                          capture_output=True, text=True, check=False)


class Checkers(unittest.TestCase):
    def test_every_checker_has_a_fixture(self):
        checkers = {p.stem.removeprefix("check_") for p in TOOLS.glob("check_*.py")}
        self.assertEqual(checkers, {p.name for p in FIXTURES.iterdir()})

    def test_fixtures_are_rejected_for_their_reasons(self):
        for case in sorted(FIXTURES.glob("*/*")):
            checker = case.parent.name
            more = ["--files", *map(str, case.rglob("*.cpp"))] if checker == "tidy" else []
            with self.subTest(fixture=f"{checker}/{case.name}"):
                ran = run(checker, case, *more)
                self.assertEqual(ran.returncode, 1, ran.stdout + ran.stderr)
                for part in (case / "expected.txt").read_text(encoding="utf-8").splitlines():
                    self.assertIn(part, ran.stdout)

    def test_a_crowded_module_is_rejected(self):
        with tempfile.TemporaryDirectory() as folder:
            home = pathlib.Path(folder) / "src/wusong/base"
            home.mkdir(parents=True)
            for i in range(81):
                (home / f"f{i}.hpp").write_text("// SPDX-License-Identifier: Apache-2.0\n#pragma once\n")
            ran = run("sizes", folder)
        self.assertEqual(ran.returncode, 1)
        self.assertIn("81 files, at most 80", ran.stdout)

    def test_long_literals_and_classes_are_no_functions(self):
        body = "namespace wusong {\nclass Wide {\n" + "  int a_;\n" * 80 + "};\nconstexpr int kTable[] = {\n"
        body += "    1,\n" * 80 + "};\nint small() {\n  return kTable[0];\n}\n}  // namespace wusong\n"
        with tempfile.TemporaryDirectory() as folder:
            home = pathlib.Path(folder) / "src/wusong/base"
            home.mkdir(parents=True)
            (home / "a.cpp").write_text(body)
            ran = run("sizes", folder)
        self.assertEqual(ran.returncode, 0, ran.stdout)


if __name__ == "__main__":
    unittest.main()
