// SPDX-License-Identifier: Apache-2.0
// The registry in the genesis of every new chain. What it does is tested where nodes read it: src/wusong/node/registry_test.cpp.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { embedded, kEmbedded } from "../build.mjs";
import { root } from "../rules.mjs";
import { rpc } from "./lib/chain.mjs";

const kAddress = "0x0000000000000000000000000000000000005700";
const artifact = () => readFileSync(join(root, "..", "build", "contracts", "Registry.json"), "utf8");

test("the program carries the registry that its source gives", () => {
  assert.equal(readFileSync(kEmbedded.Registry, "utf8"), embedded("Registry", artifact()), "run node contracts/build.mjs --embed");
});

test("a new chain begins with it", async () => {
  assert.equal(await rpc("eth_getCode", [kAddress, "latest"]), JSON.parse(artifact()).deployedBytecode);
  const registry = await rpc("wusong_registry");
  assert.equal(registry.address, kAddress);
  assert.equal(registry.validators.length, 1);
  assert.equal(registry.threshold, "0x1");
});
