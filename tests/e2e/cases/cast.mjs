// SPDX-License-Identifier: Apache-2.0
// Foundry's cast.
import assert from "node:assert/strict";
import { failure } from "../lib/harness.mjs";
import { tool } from "../lib/tool.mjs";

export async function cases({ harness, rpc: url, provider, wallet, contracts, chainId }) {
  const run = tool("cast");
  const cast = (command, ...args) => run(command, "--rpc-url", url, ...args);
  const me = wallet(8);
  const key = ["--private-key", me.privateKey];

  await harness.run("cast/chain-id, block-number, block", async () => {
    assert.equal(BigInt(await cast("chain-id")), chainId);
    assert.ok(Number(await cast("block-number")) >= 0);
    const block = JSON.parse(await cast("block", "latest", "--json"));
    assert.equal(block.hash.length, 66);
    assert.equal(JSON.parse(await cast("block", "finalized", "--full", "--json")).hash.length, 66);
    assert.equal(BigInt(await cast("gas-price")) >= 0n, true);
    assert.equal(BigInt(await cast("base-fee")) >= 0n, true);
  });
  await harness.run("cast/balance, nonce, send value", async () => {
    const to = "0x00000000000000000000000000000000000ca570";
    const before = BigInt(await cast("balance", to));
    const receipt = JSON.parse(await cast("send", to, "--value", "1gwei", ...key, "--json"));
    assert.equal(receipt.status, "0x1");
    assert.equal(BigInt(await cast("balance", to)) - before, 1_000_000_000n);
    assert.equal(Number(await cast("nonce", me.address)), await provider.getTransactionCount(me.address));
    assert.equal(JSON.parse(await cast("receipt", receipt.transactionHash, "--json")).blockHash, receipt.blockHash);
    assert.equal(JSON.parse(await cast("tx", receipt.transactionHash, "--json")).hash, receipt.transactionHash);
  });
  const address = await harness.run("cast/send --create", async () => {
    const receipt = JSON.parse(await cast("send", ...key, "--json", "--create", contracts.Trouble.bytecode));
    assert.equal(receipt.status, "0x1");
    return receipt.contractAddress;
  });
  if (!address) return;
  const topic = `0x${"5c".repeat(32)}`;
  await harness.run("cast/send, call, logs, storage, code", async () => {
    const receipt = JSON.parse(await cast("send", address, "note(bytes32,string)", topic, "from cast", ...key, "--json"));
    assert.equal(await cast("call", address, "notes(address)(uint256)", me.address), "1");
    const logs = JSON.parse(await cast("logs", "--from-block", "0", "--address", address, "Noted(address indexed,bytes32 indexed,string)", "--json"));
    assert.equal(logs.length, 1);
    assert.equal(BigInt(await cast("storage", address, "1")), BigInt(receipt.blockNumber));
    assert.ok((await cast("code", address)).length > 100);
  });
  await harness.run("cast/estimate, access-list and proof", async () => {
    assert.ok(BigInt(await cast("estimate", address, "note(bytes32,string)", topic, "x", "--from", me.address)) > 21_000n);
    assert.match(await cast("access-list", address, "nested(uint256)", "2", "--from", me.address), /gas used|accessList|access list/i);
    const proof = JSON.parse(await cast("proof", address, "0x1"));
    assert.ok(proof.accountProof.length >= 1);
  });
  await harness.run("cast/call shows the revert reason", async () => {
    const error = await failure(cast("call", address, "reason()"));
    assert.match(String(error.stderr), /nothing works today/);
    const custom = await failure(cast("call", address, "custom(uint256)", "5"));
    assert.match(String(custom.stderr), /e94fe3af|TooSmall/);
  });
  await harness.run("cast/a refused transaction says why", async () => {
    const error = await failure(cast("send", address, "--value", "1", "--nonce", "0", "--gas-limit", "100000", ...key));
    assert.match(String(error.stderr), /nonce too low/i);
  });
  await harness.run("cast/rpc and a trace of a transaction", async () => {
    assert.match(await cast("rpc", "web3_clientVersion"), /\//);
    const receipt = JSON.parse(await cast("send", address, "nested(uint256)", "2", ...key, "--json"));
    const trace = JSON.parse(await cast("rpc", "debug_traceTransaction", receipt.transactionHash, '{"tracer":"callTracer"}'));
    assert.equal(trace.type, "CALL");
  });
  await harness.run("cast/run replays a transaction", async () => {
    const receipt = JSON.parse(await cast("send", address, "nested(uint256)", "1", ...key, "--json"));
    assert.match(await cast("run", receipt.transactionHash, "--quick"), /success/i);
  });
}
