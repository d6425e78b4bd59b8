// SPDX-License-Identifier: Apache-2.0
// Fills a block with calldata through JSON-RPC; tests/e2e/large_blocks starts the network.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { HDNodeWallet, keccak256, Mnemonic, toQuantity } from "ethers";
import { eventually, Harness, rpc } from "./lib/harness.mjs";

const kDataBytes = 130_000;
const kAbsent = 3;
const kPresent = [0, 1, 2];
const kPatienceMs = 90_000;

const { values: options } = parseArgs({
  options: { folder: { type: "string" }, "port-base": { type: "string" }, mebibytes: { type: "string" } },
});
const target = Number(options.mebibytes) * 2 ** 20;
const url = (node) => `http://127.0.0.1:${Number(options["port-base"]) + node}`;
const harness = new Harness();

const bytesOf = (number) => Buffer.from(number === 0 ? "" : number.toString(16).replace(/^(?=(..)*.$)/, "0"), "hex");

function rlp(item) {
  const body = Array.isArray(item) ? Buffer.concat(item.map(rlp)) : item;
  const base = Array.isArray(item) ? 0xc0 : 0x80;
  if (base === 0x80 && body.length === 1 && body[0] < 0x80) return body;
  if (body.length < 56) return Buffer.concat([Buffer.from([base + body.length]), body]);
  const size = bytesOf(body.length);
  return Buffer.concat([Buffer.from([base + 55 + size.length]), size, body]);
}

/** Transactions of one account: none of them can go into a block before the first. Encoded here: ethers copies
 * so many bytes too often. */
async function sign(count) {
  const mnemonic = Mnemonic.fromPhrase("test test test test test test test test test test test junk");
  const { signingKey, address } = HDNodeWallet.fromMnemonic(mnemonic, "m/44'/60'/0'/0/0");
  const chainId = Number(await rpc(url(0), "eth_chainId"));
  const data = Buffer.from(Array.from({ length: kDataBytes }, (_, i) => 1 + ((i * 40_503) % 255)));
  const free = bytesOf(0);
  return Array.from({ length: count }, (_, nonce) => {
    const fields = [bytesOf(chainId), bytesOf(nonce), free, free, bytesOf(5_300_000), Buffer.from(address.slice(2), "hex"), free, data, []];
    const { yParity, r, s } = signingKey.sign(keccak256(Buffer.concat([Buffer.from([2]), rlp(fields)])));
    const signature = [bytesOf(yParity), ...[r, s].map((each) => Buffer.from(each.slice(2).replace(/^(00)+/, ""), "hex"))];
    return `0x02${rlp([...fields, ...signature]).toString("hex")}`;
  });
}

const submit = (node, raw) => rpc(url(node), "eth_sendRawTransaction", [raw]);
const block = (node, hash) => rpc(url(node), "eth_getBlockByHash", [hash, false]).catch(() => undefined);

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

await harness.run("large blocks/one validator is away", async () => {
  const pid = Number(readFileSync(`${options.folder}/node${kAbsent}/pid`, "utf8"));
  process.kill(pid, "SIGTERM");
  await eventually(() => (alive(pid) ? undefined : true), "its end", kPatienceMs);
});

let largest;
await harness.run(`large blocks/a block of ${options.mebibytes} MiB becomes final`, async () => {
  const raw = await sign(Math.ceil(target / kDataBytes));
  const before = Number(await rpc(url(0), "eth_blockNumber"));
  // Everyone holds them, and the first one makes all of them ready at once.
  await Promise.all(kPresent.map(async (node) => {
    for (let i = 1; i < raw.length; i += 4) await Promise.all(raw.slice(i, i + 4).map((each) => submit(node, each)));
  }));
  const begun = Date.now();
  await Promise.all(kPresent.map((node) => submit(node, raw[0])));
  let next = before + 1;
  largest = await eventually(async () => {
    for (const head = Number(await rpc(url(0), "eth_blockNumber")); next <= head; next++) {
      const found = await rpc(url(0), "eth_getBlockByNumber", [toQuantity(next), false]);
      if (Number(found.size) >= target) return found;
    }
    return undefined;
  }, "a block of that size", kPatienceMs);
  console.log(`# block ${Number(largest.number)} has ${Number(largest.size)} bytes, ${Date.now() - begun} ms after it could be built`);
});

await harness.run("large blocks/the validators have the same", async () => {
  for (const node of kPresent) {
    const found = await eventually(async () => (await block(node, largest.hash)) ?? undefined, `it on node ${node}`, kPatienceMs);
    assert.equal(found.stateRoot, largest.stateRoot);
  }
});

await harness.run("large blocks/who was away fetches it in parts", async () => {
  execFileSync("build/bin/wusong", ["network", "start", "--folder", options.folder, "--detach"], { stdio: "ignore" });
  const found = await eventually(async () => (await block(kAbsent, largest.hash)) ?? undefined, "it there", kPatienceMs);
  assert.equal(found.size, largest.size);
});

console.log(harness.summary());
process.exit(harness.failed === 0 ? 0 : 1);
