// SPDX-License-Identifier: Apache-2.0
// Block headers (src/wusong/types/block.hpp): a header carries the roots of earlier heights (ADR 0003).
import { ProofError, fromHex, toHex } from './bytes.js';
import { chainHash } from './digest.js';
import { decodeRlp, rlpNumber } from './rlp.js';

function fixed(bytes, size) {
  if (!(bytes instanceof Uint8Array) || bytes.length !== size) throw new ProofError('bad_header');
  return bytes;
}

export function decodeHeader(encoded) {
  const f = decodeRlp(encoded);
  if (!Array.isArray(f) || f.length < 11 || f.length > 12 || (f.length === 12 && !(f[11]?.length > 0)) || !Array.isArray(f[10]) || f[10].length > 16) throw new ProofError('bad_header');
  const executed = rlpNumber(f[9]);
  const first = executed - BigInt(f[10].length) + 1n;
  return {
    hash: chainHash(encoded),
    parentHash: fixed(f[0], 32),
    number: rlpNumber(f[1]),
    view: rlpNumber(f[2]),
    proposer: Number(rlpNumber(f[3])),
    beneficiary: toHex(fixed(f[4], 20)),
    timestampMs: Number(rlpNumber(f[5])),
    transactionsRoot: fixed(f[8], 32),
    executed,
    nextEpoch: f[11], // of an epoch's last block: what the next height begins
    roots: f[10].map((entry, i) => {
      if (!Array.isArray(entry) || entry.length !== 4) throw new ProofError('bad_header');
      fixed(entry[2], 256);
      return { height: first + BigInt(i), stateRoot: fixed(entry[0], 32), receiptsRoot: fixed(entry[1], 32), gasUsed: rlpNumber(entry[3]) };
    }),
  };
}

/** Headers in order, each naming the one before. */
export function linkHeaders(hexes) {
  const headers = hexes.map((hex) => decodeHeader(fromHex(hex)));
  for (let i = 1; i < headers.length; ++i) {
    if (toHex(headers[i].parentHash) !== toHex(headers[i - 1].hash) || headers[i].number !== headers[i - 1].number + 1n) {
      throw new ProofError('headers_not_linked', `header ${i}`);
    }
  }
  return headers;
}
