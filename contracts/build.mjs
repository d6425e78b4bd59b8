// SPDX-License-Identifier: Apache-2.0
// Compiles contracts/src with npm's solc into build/contracts/NAME.json {abi, bytecode, deployedBytecode, storageLayout}:
//   node contracts/build.mjs [--check] [--embed] [--out FOLDER]
// Does nothing where nothing changed. --check writes nothing and fails where FOLDER is not what the sources give. --embed writes the
// code of Registry and Keys into src/wusong/node/internal, from where it goes into new genesis files.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const root = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const kContracts = ["Directory", "Keys", "Registry", "RuleBook", "Workflows"];
const kSettings = {
  evmVersion: "cancun",
  viaIR: true,
  optimizer: { enabled: true, runs: 10000 },
  metadata: { bytecodeHash: "none", appendCBOR: false },
  outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "storageLayout"] } },
};

function readSources(folders) {
  const sources = {};
  for (const folder of folders)
    for (const file of readdirSync(join(root, folder)).filter((name) => name.endsWith(".sol")).sort())
      sources[file] = { content: readFileSync(join(root, folder, file), "utf8") };
  return sources;
}

/** The artifacts of some contracts by name, as text. */
export function compile(names = kContracts, folders = ["src"]) {
  const input = { language: "Solidity", sources: readSources(folders), settings: kSettings };
  const output = JSON.parse(require("solc").compile(JSON.stringify(input)));
  const faults = output.errors ?? [];
  if (faults.length > 0) throw new Error(faults.map((fault) => fault.formattedMessage).join("\n"));
  const made = {};
  for (const name of names) {
    const { abi, evm, storageLayout } = output.contracts[`${name}.sol`][name];
    // Numbers of syntax nodes say nothing and change with every edit.
    const storage = storageLayout.storage.map(({ label, slot, offset, type }) => ({
      label, slot, offset, type: storageLayout.types[type].label,
    }));
    made[name] = `${JSON.stringify(
      { abi, bytecode: `0x${evm.bytecode.object}`, deployedBytecode: `0x${evm.deployedBytecode.object}`, storageLayout: storage },
      null, 1)}\n`;
  }
  return made;
}

function inputDigest(folders) {
  const version = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).dependencies.solc;
  return createHash("sha256").update(JSON.stringify([version, kSettings, readSources(folders)])).digest("hex");
}

/** Compiles into `out` unless its stamp says that it is up to date; says whether it did. */
export function build(out, names = kContracts, folders = ["src"]) {
  const stamp = join(out, ".digest");
  const want = inputDigest(folders);
  const isThere = names.every((name) => existsSync(join(out, `${name}.json`)));
  if (isThere && existsSync(stamp) && readFileSync(stamp, "utf8") === want) return false;
  mkdirSync(out, { recursive: true });
  for (const [name, text] of Object.entries(compile(names, folders))) writeFileSync(join(out, `${name}.json`), text);
  writeFileSync(stamp, want);
  return true;
}

/** Where the code of a contract stands in the program: new chains begin with it. */
export const kEmbedded = Object.fromEntries(["Keys", "Registry"].map((name) =>
  [name, join(root, "..", "src", "wusong", "node", "internal", `${name.toLowerCase()}_code.hpp`)]));
/** A contract's code as a C++ header. */
export function embedded(name, compiled) {
  const digits = JSON.parse(compiled).deployedBytecode.slice(2);
  const lines = digits.match(/.{1,94}/g).map((part) => `    "${part}"`).join("\n");
  return `// SPDX-License-Identifier: Apache-2.0
// The code of contracts/src/${name}.sol; node contracts/build.mjs --embed writes this file.
#pragma once

#include <string_view>

namespace wusong::node::internal {

inline constexpr std::string_view k${name}Code =
${lines};

}  // namespace wusong::node::internal
`;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({
    options: { check: { type: "boolean" }, embed: { type: "boolean" }, out: { type: "string", default: join(root, "..", "build", "contracts") } },
  });
  if (values.check) {
    const stale = Object.entries(compile()).filter(([name, text]) => {
      const path = join(values.out, `${name}.json`);
      return !existsSync(path) || readFileSync(path, "utf8") !== text;
    });
    for (const [name] of stale) console.error(`${name}.json is not what contracts/src gives: run node contracts/build.mjs`);
    process.exit(stale.length === 0 ? 0 : 1);
  }
  if (values.embed)
    for (const [name, compiled] of Object.entries(compile(Object.keys(kEmbedded)))) writeFileSync(kEmbedded[name], embedded(name, compiled));
  console.log(build(values.out) ? `contracts: ${kContracts.join(", ")} compiled` : "contracts: nothing changed");
}
