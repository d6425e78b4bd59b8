// SPDX-License-Identifier: Apache-2.0
// JSON-RPC by hand: shapes, tags, errors, batches, traces, and our own methods.
import assert from "node:assert/strict";
import { ContractFactory, id } from "ethers";
import { Skip, failure, post, rpc } from "../lib/harness.mjs";

const kMissing = `0x${"11".repeat(32)}`;

export async function cases(context) {
  const { harness, rpc: url, signer, wallet, contracts, isWusong } = context;
  const call = (method, params) => rpc(url, method, params);
  const mine = wallet(6).address;
  const onlyWusong = () => {
    if (!isWusong) throw new Skip("not a Wusong node");
  };
  const made = await harness.run("raw/deploys", async () => {
    const trouble = await new ContractFactory(contracts.Trouble.abi, contracts.Trouble.bytecode, signer(6)).deploy();
    await trouble.waitForDeployment();
    const receipt = await (await trouble.note(id("raw"), "text")).wait();
    return { trouble, address: (await trouble.getAddress()).toLowerCase(), receipt };
  });
  if (!made) return;
  const { trouble, address, receipt } = made;
  const encode = (name, ...args) => trouble.interface.encodeFunctionData(name, args);

  await harness.run("raw/block, transaction and receipt agree", async () => {
    const block = await call("eth_getBlockByHash", [receipt.blockHash, true]);
    const tx = block.transactions.find((t) => t.hash === receipt.hash);
    assert.deepEqual(tx, await call("eth_getTransactionByHash", [receipt.hash]));
    assert.deepEqual(tx, await call("eth_getTransactionByBlockHashAndIndex", [block.hash, tx.transactionIndex]));
    const receipts = await call("eth_getBlockReceipts", [block.number]);
    assert.equal(receipts.length, block.transactions.length);
    const alone = await call("eth_getTransactionReceipt", [receipt.hash]);
    assert.deepEqual(receipts.find((r) => r.transactionHash === receipt.hash), alone);
    assert.equal(receipts.at(-1).cumulativeGasUsed, block.gasUsed);
    assert.equal(alone.contractAddress, null);
    for (const name of ["sha3Uncles", "logsBloom", "transactionsRoot", "stateRoot", "receiptsRoot", "mixHash",
      "baseFeePerGas", "withdrawals", "withdrawalsRoot", "blobGasUsed", "size", "uncles"])
      assert.ok(name in block, name);
    const quantities = [block.number, block.gasLimit, block.timestamp, tx.nonce, tx.value, tx.gas, alone.status];
    for (const quantity of quantities) assert.match(quantity, /^0x(0|[1-9a-f][0-9a-f]*)$/);
  });
  await harness.run("raw/what is missing is null", async () => {
    for (const [method, ...params] of [
      ["eth_getBlockByHash", kMissing, false], ["eth_getBlockByNumber", "0xffffffff", false],
      ["eth_getTransactionByHash", kMissing], ["eth_getTransactionReceipt", kMissing]])
      assert.equal(await call(method, params), null, method);
  });
  await harness.run("raw/EIP-1898 block objects", async () => {
    const byHash = await call("eth_getBalance", [mine, { blockHash: receipt.blockHash, requireCanonical: true }]);
    const byNumber = await call("eth_getBalance", [mine, { blockNumber: `0x${receipt.blockNumber.toString(16)}` }]);
    assert.equal(byHash, byNumber);
  });
  await harness.run("raw/errors have Ethereum's codes", async () => {
    const code = async (method, params) => (await failure(call(method, params))).code;
    assert.equal(await code("eth_nothing", []), -32601);
    assert.equal(await code("eth_getBalance", ["0x12", "latest"]), -32602);
    assert.equal(await code("eth_call", [{ to: address, data: encode("reason") }, "latest"]), 3);
    if (!isWusong) return;
    assert.equal((await post(url, "{nonsense")).error.code, -32700);
    assert.equal((await post(url, "7")).error.code, -32600);
  });
  await harness.run("raw/revert data comes with code 3", async () => {
    const error = await failure(call("eth_call", [{ to: address, data: encode("custom", 5) }, "latest"]));
    assert.equal(trouble.interface.parseError(error.data).name, "TooSmall");
    const why = await failure(call("eth_call", [{ to: address, data: encode("reason") }, "latest"]));
    assert.match(why.message, /execution reverted: nothing works today/);
  });
  await harness.run("raw/a batch is answered in order", async () => {
    const batch = Array.from({ length: 100 }, (_, i) => ({
      jsonrpc: "2.0", id: i, method: i % 2 ? "eth_chainId" : "eth_getTransactionCount", params: i % 2 ? [] : [mine, "latest"] }));
    const replies = await post(url, batch);
    assert.deepEqual(replies.map((r) => r.id), batch.map((b) => b.id));
    assert.ok(replies.every((r) => r.result));
  });
  await harness.run("raw/a batch of signed transactions all land", async () => {
    const sender = wallet(7);
    const start = Number(await call("eth_getTransactionCount", [sender.address, "latest"]));
    const price = BigInt(await call("eth_gasPrice")) * 2n;
    const raws = await Promise.all(Array.from({ length: 100 }, (_, i) =>
      sender.signTransaction({ type: 0, chainId: context.chainId, nonce: start + i, gasPrice: price, gasLimit: 21_000n, to: mine, value: 1n })));
    const replies = await post(url, raws.map((raw, i) => ({ jsonrpc: "2.0", id: i, method: "eth_sendRawTransaction", params: [raw] })));
    const hashes = replies.map((r) => r.result);
    assert.ok(hashes.every(Boolean), JSON.stringify(replies.find((r) => r.error)));
    for (const hash of hashes) assert.equal((await context.provider.waitForTransaction(hash)).status, 1);
    const again = await failure(call("eth_sendRawTransaction", [raws[0]]));
    assert.match(again.message, /nonce too low|already known|already imported/);
  });
  await harness.run("raw/logs by block hash, address and topic", async () => {
    const logs = await call("eth_getLogs", [{ blockHash: receipt.blockHash, address }]);
    assert.equal(logs.length, 1);
    assert.equal(logs[0].removed, false);
    const [ranged] = await call("eth_getLogs", [{ fromBlock: "earliest", toBlock: "latest", address, topics: [null, null, [kMissing, id("raw")]] }]);
    assert.deepEqual(ranged, logs[0]);
    assert.deepEqual(await call("eth_getLogs", [{ fromBlock: "0x0", address, topics: [kMissing] }]), []);
  });

  await traces({ ...made, call, harness, mine, encode });

  await harness.run("raw/account keys are not the node's business", async () => {
    onlyWusong();
    assert.deepEqual(await call("eth_accounts"), []);
    assert.match((await failure(call("eth_sendTransaction", [{ from: mine }]))).message, /holds no keys/);
  });
  await harness.run("raw/pool, network and web3 methods answer", async () => {
    assert.ok("pending" in (await call("txpool_status")));
    assert.ok("queued" in (await call("txpool_content")));
    assert.equal(await call("net_version"), String(context.chainId));
    assert.equal(await call("net_listening"), true);
    assert.equal(await call("web3_sha3", ["0x68656c6c6f"]), "0x1c8aff950685c2ed4bc3174f3472287b56d9517b9c948127319a09a7a36deac8");
  });
  await harness.run("raw/wusong: roots become covered and are proved", async () => {
    onlyWusong();
    const number = `0x${receipt.blockNumber.toString(16)}`;
    let block;
    for (let i = 0; i < 100; ++i) {
      block = await call("eth_getBlockByNumber", [number, false]);
      if (block.wusong_rootsCovered) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.equal(block.wusong_rootsCovered, true);
    assert.ok(BigInt(block.wusong_rootsCoveredAt) > BigInt(number));
    let proof;
    for (let i = 0; i < 100 && !proof; ++i) {
      proof = await call("wusong_finalityProof", [number]).catch(() => undefined);
      if (!proof) await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.equal(proof?.blockHash, block.hash);
  });
  await harness.run("raw/wusong: validators, peers, health, chain and transaction status", async () => {
    onlyWusong();
    const validators = await call("wusong_validators");
    assert.ok(validators.length >= 1 && validators.some((v) => v.isSelf));
    assert.ok(Array.isArray(await call("wusong_peers")));
    assert.equal((await call("wusong_nodeHealth")).healthy, true);
    const info = await call("wusong_chainInfo");
    assert.equal(info.genesisHash, (await call("eth_getBlockByNumber", ["0x0", false])).hash);
    assert.equal((await call("wusong_transactionStatus", [receipt.hash])).status, "final");
    assert.equal((await call("wusong_transactionStatus", [kMissing])).status, "unknown");
  });
  await harness.run("raw/wusong: GET /health and /metrics", async () => {
    onlyWusong();
    const health = await fetch(new URL("/health", url));
    assert.equal(health.status, 200);
    assert.equal((await health.json()).healthy, true);
    assert.match(await (await fetch(new URL("/metrics", url))).text(), /^# (HELP|TYPE) /m);
  });
}

async function traces({ trouble, address, receipt, call, harness, mine, encode }) {
  await harness.run("trace/struct logs of a transaction", async () => {
    const trace = await call("debug_traceTransaction", [receipt.hash]);
    assert.equal(trace.failed, false);
    assert.equal(BigInt(trace.gas), receipt.gasUsed);
    const ops = trace.structLogs.map((s) => s.op);
    assert.ok(ops.includes("SSTORE") && ops.includes("LOG3"));
  });
  await harness.run("trace/callTracer shows nested calls", async () => {
    const nested = await (await trouble.nested(3)).wait();
    const trace = await call("debug_traceTransaction", [nested.hash, { tracer: "callTracer" }]);
    assert.equal(trace.from, mine.toLowerCase());
    assert.equal(BigInt(trace.gasUsed), nested.gasUsed);
    let depth = 0;
    for (let frame = trace; frame.calls; frame = frame.calls[0]) ++depth;
    assert.equal(depth, 3);
  });
  await harness.run("trace/callTracer of a revert has its reason", async () => {
    const trace = await call("debug_traceCall", [{ to: address, data: encode("reason") }, "latest", { tracer: "callTracer" }]);
    assert.equal(trace.error, "execution reverted");
    assert.equal(trace.revertReason, "nothing works today");
  });
  await harness.run("trace/callTracer with logs", async () => {
    const trace = await call("debug_traceTransaction", [receipt.hash, { tracer: "callTracer", tracerConfig: { withLog: true } }]);
    assert.equal(trace.logs[0].address, address);
  });
  await harness.run("trace/prestateTracer and its diff", async () => {
    const state = await call("debug_traceTransaction", [receipt.hash, { tracer: "prestateTracer" }]);
    assert.ok(state[address].code.length > 2);
    const diff = await call("debug_traceTransaction", [receipt.hash, { tracer: "prestateTracer", tracerConfig: { diffMode: true } }]);
    assert.equal(Number(diff.post[mine.toLowerCase()].nonce), Number(diff.pre[mine.toLowerCase()].nonce ?? 0) + 1);
    assert.ok(Object.keys(diff.post[address].storage).length >= 1);
  });
  await harness.run("trace/a whole block", async () => {
    const traces = await call("debug_traceBlockByNumber", [`0x${receipt.blockNumber.toString(16)}`, { tracer: "callTracer" }]);
    assert.ok(traces.some((t) => t.txHash === receipt.hash && t.result.type === "CALL"));
  });
}
