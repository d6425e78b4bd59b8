#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// What forge needs of a solc program, on npm's soljson: --version, and standard JSON on stdin.
"use strict";
const { readFileSync } = require("node:fs");
const { join, resolve } = require("node:path");
const solc = require(join(__dirname, "..", "node_modules", "solc"));

if (process.argv.includes("--version")) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version().replace("Emscripten.clang", "Linux.g++")}`);
  process.exit(0);
}
const base = process.argv.indexOf("--base-path");
const roots = [base >= 0 ? process.argv[base + 1] : ".", ...process.argv.flatMap((a, i, all) => (a === "--include-path" ? [all[i + 1]] : []))];
const readImport = (path) => {
  for (const root of roots) {
    try {
      return { contents: readFileSync(resolve(root, path), "utf8") };
    } catch {
      // The next root may have it.
    }
  }
  return { error: `not found: ${path}` };
};
process.stdout.write(solc.compile(readFileSync(0, "utf8"), { import: readImport }));
