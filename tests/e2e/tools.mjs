// SPDX-License-Identifier: Apache-2.0
// Drives a running node with ethers, viem, cast and forge:
//   node tests/e2e/tools.mjs --rpc http://127.0.0.1:8545 --ws ws://127.0.0.1:8545 [--only TEXT]
// One line a case, then "N passed, N failed, N skipped". The chain has the development accounts.
import { parseArgs } from "node:util";
import { HDNodeWallet, JsonRpcProvider, Mnemonic, NonceManager } from "ethers";
import { compileAll } from "./lib/compile.mjs";
import { Harness, rpc } from "./lib/harness.mjs";

const kMnemonic = "test test test test test test test test test test test junk";

const { values: options } = parseArgs({
  options: {
    rpc: { type: "string", default: "http://127.0.0.1:8545" },
    ws: { type: "string" },
    only: { type: "string" },
  },
});
options.ws ??= options.rpc.replace(/^http/, "ws");

const harness = new Harness(options.only);
const client = await rpc(options.rpc, "web3_clientVersion").catch((error) => {
  console.error(`no node answers at ${options.rpc}: ${error.cause?.code ?? error.message}`);
  process.exit(2);
});
console.log(`# ${client} at ${options.rpc}`);

const provider = new JsonRpcProvider(options.rpc, undefined, { cacheTimeout: -1, pollingInterval: 50 });
const mnemonic = Mnemonic.fromPhrase(kMnemonic);
/** Development account `index`; each family of cases has its own, so that nonces never collide. */
const wallet = (index) => HDNodeWallet.fromMnemonic(mnemonic, `m/44'/60'/0'/0/${index}`);

const context = {
  ...options,
  harness,
  provider,
  wallet,
  signer: (index) => new NonceManager(wallet(index).connect(provider)),
  isWusong: client.startsWith("Wusong"),
  chainId: BigInt(await rpc(options.rpc, "eth_chainId")),
  profile: (await rpc(options.rpc, "wusong_chainInfo").catch(() => ({}))).profile,
  contracts: await harness.run("solc/compiles OpenZeppelin (setup)", async () => compileAll()),
};

if (context.contracts) {
  for (const family of ["ethers", "tokens", "governor", "websocket", "viem", "raw", "proofs", "cast", "forge"]) {
    const { cases } = await import(`./cases/${family}.mjs`);
    await cases(context);
  }
}
provider.destroy();
console.log(harness.summary());
process.exit(harness.failed === 0 && harness.passed > 0 ? 0 : 1);
