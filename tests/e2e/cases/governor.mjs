// SPDX-License-Identifier: Apache-2.0
// OpenZeppelin's Governor with a votes token and a TimelockController, from proposal to execution.
import assert from "node:assert/strict";
import { ContractFactory, ZeroAddress, id } from "ethers";
import { eventually, failure } from "../lib/harness.mjs";

const kState = { pending: 0n, active: 1n, succeeded: 4n, queued: 5n, executed: 7n };

export async function cases({ harness, provider, signer, wallet, contracts }) {
  const me = signer(3);
  const mine = wallet(3).address;
  const deploy = async (name, ...args) => {
    const made = await new ContractFactory(contracts[name].abi, contracts[name].bytecode, me).deploy(...args);
    await made.waitForDeployment();
    return made;
  };
  /** Blocks come only with transactions on an idle chain. */
  const reach = async (number) => {
    while (BigInt(await provider.getBlockNumber()) < number)
      await (await me.sendTransaction({ to: mine, value: 0n })).wait();
  };

  const made = await harness.run("governor/deploys token, timelock, governor and target", async () => {
    const votes = await deploy("VotesToken", 1_000n);
    const timelock = await deploy("Timelock", 1n, [], [ZeroAddress], mine);
    const governor = await deploy("Parliament", await votes.getAddress(), await timelock.getAddress());
    const box = await deploy("Box", await timelock.getAddress());
    await (await timelock.grantRole(await timelock.PROPOSER_ROLE(), await governor.getAddress())).wait();
    await (await votes.delegate(mine)).wait();
    assert.equal(await votes.getVotes(mine), 1_000n);
    return { governor, box };
  });
  if (!made) return;
  const { governor, box } = made;
  const title = `Set the box to 7 (${Date.now()})`;
  const action = [[await box.getAddress()], [0n], [box.interface.encodeFunctionData("set", [7n])]];

  await harness.run("governor/the box obeys nobody else", async () => {
    assert.equal((await failure(box.set.staticCall(1))).reason, "Box: only the timelock");
  });
  const proposal = await harness.run("governor/propose emits ProposalCreated", async () => {
    const receipt = await (await governor.propose(...action, title)).wait();
    const event = receipt.logs.map((l) => governor.interface.parseLog(l)).find((e) => e?.name === "ProposalCreated");
    assert.equal(event.args.proposer, mine);
    assert.equal(event.args.description, title);
    return event.args.proposalId;
  });
  if (proposal === undefined) return;
  await harness.run("governor/vote, and not twice", async () => {
    await reach((await governor.proposalSnapshot(proposal)) + 1n);
    assert.equal(await governor.state(proposal), kState.active);
    const receipt = await (await governor.castVoteWithReason(proposal, 1, "a good number")).wait();
    const event = governor.interface.parseLog(receipt.logs[0]);
    assert.equal(event.args.weight, 1_000n);
    assert.equal(event.args.reason, "a good number");
    const error = await failure(governor.castVote.staticCall(proposal, 1));
    assert.equal(error.revert?.name, "GovernorAlreadyCastVote");
  });
  await harness.run("governor/queue into the timelock", async () => {
    await reach((await governor.proposalDeadline(proposal)) + 1n);
    assert.equal(await governor.state(proposal), kState.succeeded);
    await (await governor.queue(...action, id(title))).wait();
    assert.equal(await governor.state(proposal), kState.queued);
  });
  await harness.run("governor/execute changes the box", async () => {
    const eta = await governor.proposalEta(proposal);
    await eventually(async () => {
      await (await me.sendTransaction({ to: mine, value: 0n })).wait();
      return BigInt((await provider.getBlock("latest")).timestamp) > eta ? true : undefined;
    }, "the timelock's delay");
    const receipt = await (await governor.execute(...action, id(title))).wait();
    assert.equal(await box.value(), 7n);
    assert.equal(await governor.state(proposal), kState.executed);
    const changed = await box.queryFilter(box.filters.Changed(), receipt.blockNumber);
    assert.equal(changed[0].args.value, 7n);
  });
}
