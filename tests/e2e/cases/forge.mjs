// SPDX-License-Identifier: Apache-2.0
// Foundry's forge: builds with npm's soljson behind lib/solc.cjs, and broadcasts a script.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Contract } from "ethers";
import { root } from "../lib/compile.mjs";
import { tool } from "../lib/tool.mjs";

export async function cases({ harness, rpc: url, provider, wallet, contracts, chainId }) {
  const forge = tool("forge", { cwd: root });
  const me = wallet(9);

  await harness.run("forge/builds", async () => {
    await forge("build", "--force");
  });
  await harness.run("forge/script broadcasts deployments and calls", async () => {
    await forge("script", "forge/Deploy.s.sol:Deploy", "--rpc-url", url, "--private-key", me.privateKey, "--broadcast", "--slow");
    const file = join(root, "node_modules/.cache/forge/broadcast/Deploy.s.sol", String(chainId), "run-latest.json");
    const run = JSON.parse(readFileSync(file, "utf8"));
    assert.equal(run.transactions.length, 4);
    assert.equal(run.receipts.length, 4);
    assert.ok(run.receipts.every((r) => r.status === "0x1"));
    const [token, , art] = run.transactions;
    const erc20 = new Contract(token.contractAddress, contracts.Token.abi, provider);
    assert.equal(await erc20.balanceOf("0x000000000000000000000000000000000000f06e"), 7n);
    const erc721 = new Contract(art.contractAddress, contracts.Art.abi, provider);
    assert.equal(await erc721.tokenURI(0), "ipfs://forge");
  });
  await harness.run("forge/create deploys with arguments", async () => {
    const text = await forge("create", "contracts/Token.sol:Token", "--rpc-url", url, "--private-key", me.privateKey,
      "--broadcast", "--json", "--constructor-args", "55");
    const { deployedTo } = JSON.parse(text.slice(text.indexOf("{")));
    assert.equal(await new Contract(deployedTo, contracts.Token.abi, provider).totalSupply(), 55n);
  });
}
