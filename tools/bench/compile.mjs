// SPDX-License-Identifier: Apache-2.0
// Prints {name: {bytecode, selectors}} of the contracts beside this file, compiled with npm's solc.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const packages = join(here, "../../tests/e2e/node_modules");
const solc = createRequire(join(packages, "x.js"))("solc");
const sources = {};
for (const file of readdirSync(here).filter((name) => name.endsWith(".sol")))
  sources[file] = { content: readFileSync(join(here, file), "utf8") };
const output = JSON.parse(
  solc.compile(
    JSON.stringify({
      language: "Solidity",
      sources,
      settings: {
        evmVersion: "cancun",
        optimizer: { enabled: true, runs: 200 },
        outputSelection: { "*": { "*": ["evm.bytecode.object", "evm.methodIdentifiers"] } },
      },
    }),
    { import: (path) => ({ contents: readFileSync(join(packages, path), "utf8") }) },
  ),
);
const fatal = (output.errors ?? []).filter((e) => e.severity === "error");
if (fatal.length > 0) throw new Error(fatal.map((e) => e.formattedMessage).join("\n"));
const made = {};
for (const file of Object.keys(sources))
  for (const [name, contract] of Object.entries(output.contracts[file]))
    made[name] = {
      bytecode: `0x${contract.evm.bytecode.object}`,
      selectors: contract.evm.methodIdentifiers,
    };
console.log(JSON.stringify(made));
