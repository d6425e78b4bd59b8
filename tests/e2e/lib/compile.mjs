// SPDX-License-Identifier: Apache-2.0
// Compiles contracts/ with npm's solc; imports come from node_modules.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const require = createRequire(import.meta.url);

/** Every contract by name: { abi, bytecode }. */
export function compileAll() {
  const solc = require("solc");
  const sources = {};
  for (const file of readdirSync(join(root, "contracts")))
    sources[file] = { content: readFileSync(join(root, "contracts", file), "utf8") };
  const input = {
    language: "Solidity",
    sources,
    settings: {
      evmVersion: "cancun",
      optimizer: { enabled: true, runs: 200 },
      outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } },
    },
  };
  const readImport = (path) => {
    try {
      return { contents: readFileSync(join(root, "node_modules", path), "utf8") };
    } catch (error) {
      return { error: error.message };
    }
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: readImport }));
  const fatal = (output.errors ?? []).filter((e) => e.severity === "error");
  if (fatal.length > 0) throw new Error(fatal.map((e) => e.formattedMessage).join("\n"));
  const contracts = {};
  for (const file of Object.keys(sources))
    for (const [name, made] of Object.entries(output.contracts[file]))
      contracts[name] = { abi: made.abi, bytecode: `0x${made.evm.bytecode.object}` };
  return contracts;
}
