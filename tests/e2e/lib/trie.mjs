// SPDX-License-Identifier: Apache-2.0
// Checks eth_getProof answers against a state root, with nothing but the chain's digest and RLP.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { decodeRlp, encodeRlp, keccak256, toBeHex, zeroPadValue } from "ethers";

/** What a chain of this profile hashes tries and code with: hexadecimal text to such text. */
export function digestOf(profile) {
  if (profile !== "guomi") return keccak256;
  return (hex) => `0x${createHash("sm3").update(hex.slice(2), "hex").digest("hex")}`;
}

function nibbles(hex) {
  return [...hex.slice(2)].map((c) => parseInt(c, 16));
}

/** The value under `key` as RLP hex, or null where the proof shows there is none. */
export function verifyProof(root, key, proof, digestWith = keccak256) {
  let wanted = root;
  let path = nibbles(digestWith(key));
  for (const [depth, encoded] of proof.entries()) {
    const embedded = encoded.length < 66;
    const digest = embedded && depth > 0 ? encoded : digestWith(encoded);
    assert.equal(digest, wanted, `node ${depth} is not the one its parent names`);
    const node = decodeRlp(encoded);
    if (node.length === 17) {
      if (path.length === 0) return node[16];
      const child = node[path[0]];
      path = path.slice(1);
      if (child === "0x") return last(proof, depth);
      wanted = typeof child === "string" ? child : encodeRlp(child);
      continue;
    }
    const flags = nibbles(node[0]);
    const isLeaf = flags[0] >= 2;
    const part = flags[0] % 2 === 1 ? flags.slice(1) : flags.slice(2);
    const matches = part.every((n, i) => n === path[i]);
    if (isLeaf) return matches && part.length === path.length ? node[1] : last(proof, depth);
    if (!matches) return last(proof, depth);
    path = path.slice(part.length);
    wanted = typeof node[1] === "string" ? node[1] : encodeRlp(node[1]);
  }
  assert.equal(root, "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");
  return null;
}

function last(proof, depth) {
  assert.equal(depth, proof.length - 1, "nodes after the end of the path");
  return null;
}

/** As RLP has numbers: big-endian bytes, zero as the empty string. */
function quantity(value) {
  return value === 0n ? "0x" : toBeHex(value);
}

/** Throws unless the whole answer of eth_getProof follows from `stateRoot`. */
export function verifyAccount(stateRoot, answer, digestWith = keccak256) {
  const account = verifyProof(stateRoot, answer.address, answer.accountProof, digestWith);
  const expected = encodeRlp([
    quantity(BigInt(answer.nonce)),
    quantity(BigInt(answer.balance)),
    answer.storageHash,
    answer.codeHash,
  ]);
  if (account === null) {
    assert.equal(BigInt(answer.balance), 0n);
    assert.equal(BigInt(answer.nonce), 0n);
  } else {
    assert.equal(account, expected);
  }
  for (const slot of answer.storageProof) {
    const value = verifyProof(answer.storageHash, zeroPadValue(toBeHex(BigInt(slot.key)), 32), slot.proof, digestWith);
    const shown = BigInt(slot.value);
    if (value === null) assert.equal(shown, 0n);
    else assert.equal(value, encodeRlp(quantity(shown)));
  }
  return account !== null;
}
