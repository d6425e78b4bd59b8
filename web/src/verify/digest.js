// SPDX-License-Identifier: Apache-2.0
// The digest of the chain's own things: blocks, tries, what validators sign (ADR 0027). A page is about one chain.
import { keccak } from './bytes.js';
import { sm3 } from './sm2.js';

let digest = keccak;

/** @param profile as in the genesis or `wusong_chainInfo`; nothing: "standard" */
export function useProfile(profile) {
  digest = profile === 'guomi' ? sm3 : keccak;
}

export const chainHash = (bytes) => digest(bytes);
