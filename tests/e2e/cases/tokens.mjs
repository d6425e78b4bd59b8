// SPDX-License-Identifier: Apache-2.0
// OpenZeppelin's ERC-20 and ERC-721, driven with ethers.
import assert from "node:assert/strict";
import { ContractFactory, Signature, ZeroAddress } from "ethers";
import { failure } from "../lib/harness.mjs";

export async function cases({ harness, provider, signer, wallet, contracts, chainId }) {
  const me = signer(1);
  const mine = wallet(1).address;
  const other = signer(2);
  const theirs = wallet(2).address;
  const deploy = async (name, ...args) => {
    const made = await new ContractFactory(contracts[name].abi, contracts[name].bytecode, me).deploy(...args);
    await made.waitForDeployment();
    return made;
  };

  const token = await harness.run("erc20/deploys", () => deploy("Token", 1_000_000n));
  if (token) {
    await harness.run("erc20/metadata and supply", async () => {
      assert.equal(await token.name(), "Wusong Token");
      assert.equal(await token.decimals(), 18n);
      assert.equal(await token.balanceOf(mine), 1_000_000n);
    });
    await harness.run("erc20/transfer emits Transfer", async () => {
      const receipt = await (await token.transfer(theirs, 100n)).wait();
      const event = token.interface.parseLog(receipt.logs[0]);
      assert.equal(event.name, "Transfer");
      assert.deepEqual([...event.args], [mine, theirs, 100n]);
      assert.equal(await token.balanceOf(theirs), 100n);
      const history = await token.queryFilter(token.filters.Transfer(mine, theirs), 0);
      assert.equal(history.length, 1);
    });
    await harness.run("erc20/approve and transferFrom", async () => {
      await (await token.approve(theirs, 50n)).wait();
      await (await token.connect(other).transferFrom(mine, theirs, 30n)).wait();
      assert.equal(await token.allowance(mine, theirs), 20n);
    });
    await harness.run("erc20/too much is ERC20InsufficientBalance", async () => {
      const error = await failure(token.connect(other).transfer.staticCall(mine, 10_000n));
      assert.equal(error.revert?.name, "ERC20InsufficientBalance");
      assert.deepEqual([...error.revert.args], [theirs, 130n, 10_000n]);
    });
    await harness.run("erc20/permit by EIP-712 signature", async () => {
      const domain = { name: "Wusong Token", version: "1", chainId, verifyingContract: await token.getAddress() };
      const types = {
        Permit: ["owner:address", "spender:address", "value:uint256", "nonce:uint256", "deadline:uint256"].map((f) => {
          const [name, type] = f.split(":");
          return { name, type };
        }),
      };
      const deadline = 2n ** 48n;
      const message = { owner: mine, spender: theirs, value: 77n, nonce: await token.nonces(mine), deadline };
      const { v, r, s } = Signature.from(await wallet(1).signTypedData(domain, types, message));
      await (await token.connect(other).permit(mine, theirs, 77n, deadline, v, r, s)).wait();
      assert.equal(await token.allowance(mine, theirs), 77n);
      const again = await failure(token.connect(other).permit.staticCall(mine, theirs, 77n, deadline, v, r, s));
      assert.equal(again.revert.name, "ERC2612InvalidSigner");
    });
  }

  const art = await harness.run("erc721/deploys", () => deploy("Art", mine));
  if (!art) return;
  await harness.run("erc721/mint emits Transfer from zero", async () => {
    const receipt = await (await art.mint(mine, "ipfs://one")).wait();
    const event = receipt.logs.map((l) => art.interface.parseLog(l)).find((e) => e.name === "Transfer");
    assert.deepEqual([...event.args], [ZeroAddress, mine, 0n]);
    assert.equal(await art.tokenURI(0), "ipfs://one");
  });
  await harness.run("erc721/safeTransferFrom moves it", async () => {
    await (await art["safeTransferFrom(address,address,uint256)"](mine, theirs, 0)).wait();
    assert.equal(await art.ownerOf(0), theirs);
  });
  await harness.run("erc721/a contract without receiver refuses it", async () => {
    await (await art.mint(mine, "ipfs://two")).wait();
    const target = await art.getAddress();
    const error = await failure(art["safeTransferFrom(address,address,uint256)"].staticCall(mine, target, 1));
    assert.equal(error.revert?.name, "ERC721InvalidReceiver");
  });
  await harness.run("erc721/only the owner mints", async () => {
    const error = await failure(art.connect(other).mint.staticCall(theirs, "x"));
    assert.equal(error.revert?.name, "OwnableUnauthorizedAccount");
  });
  await harness.run("erc721/a missing token is ERC721NonexistentToken", async () => {
    const error = await failure(art.ownerOf(999));
    assert.equal(error.revert?.name, "ERC721NonexistentToken");
  });
}
