// SPDX-License-Identifier: Apache-2.0
// From the validators of genesis to those of any later epoch, by certificates alone (src/wusong/light, docs/adr/0014).
import { ProofError, concat, fromHex, toHex, utf8 } from './bytes.js';
import { chainHash } from './digest.js';
import { verifyFinalityProof } from './finality.js';
import { decodeHeader } from './header.js';
import { decodeRlp, rlpNumber } from './rlp.js';
import { schemeName } from './schemes.js';

/** What the header of an epoch's last block says of the next (src/wusong/types/epoch.hpp). */
export function decodeEpoch(encoded) {
  const f = decodeRlp(encoded);
  if (!Array.isArray(f) || f.length !== 6 || !Array.isArray(f[3]) || f[3].length === 0) throw new ProofError('bad_epoch');
  return {
    number: rlpNumber(f[0]),
    first: rlpNumber(f[1]),
    validators: f[3].map((one) => {
      const scheme = Array.isArray(one) && one.length === 5 ? schemeName(Number(rlpNumber(one[1]))) : undefined;
      if (!scheme) throw new ProofError('bad_epoch');
      return { name: new TextDecoder().decode(one[0]), scheme, publicKey: toHex(one[2]) };
    }),
  };
}

/** What votes of an epoch sign in place of the genesis hash. */
function domainOf(genesis, encoded) {
  return chainHash(concat(utf8('wusong/epoch/v1'), genesis, encoded));
}

/** An epoch that is trusted from elsewhere: `encoded` as wusong_epoch shows it. */
export function trustedEpoch(genesis, encoded) {
  const epoch = decodeEpoch(encoded);
  return { ...epoch, domain: epoch.number === 0n ? genesis : domainOf(genesis, encoded) };
}

export const firstEpoch = (genesis, validators) => ({ number: 0n, first: 1n, validators, domain: genesis });

/**
 * Every epoch from `trusted` on. `steps` are `{header, proof}`: each ends an epoch and is proved by that epoch's own validators.
 */
export function followEpochs(genesis, trusted, steps = []) {
  const epochs = [trusted];
  for (const step of steps) {
    const current = epochs[epochs.length - 1];
    const header = decodeHeader(fromHex(step.header));
    if (header.number < trusted.first) continue; // before the trusted one
    if (!header.nextEpoch) throw new ProofError('no_epoch_ends', String(header.number));
    const next = decodeEpoch(header.nextEpoch);
    if (next.number !== current.number + 1n || next.first !== header.number + 1n || header.number < current.first)
      throw new ProofError('wrong_epoch', String(next.number));
    const proof = verifyFinalityProof(step.proof, current.domain, current.validators);
    if (proof.blockHash !== toHex(header.hash) || proof.height !== header.number) throw new ProofError('wrong_epoch', String(next.number));
    epochs.push({ ...next, domain: domainOf(genesis, header.nextEpoch) });
  }
  return epochs;
}

/** The epoch that a height belongs to. */
export function epochOf(epochs, height) {
  const found = epochs.filter((epoch) => epoch.first <= height).pop();
  if (!found) throw new ProofError('before_trust', String(height));
  return found;
}
