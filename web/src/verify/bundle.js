// SPDX-License-Identifier: Apache-2.0
// Checks a proof bundle (docs/data-platform.md, section 6) step by step, believing only the genesis hash.
import { ProofError, bigToBytes, concat, equal, fromHex, keccak, sha256Hex, toBig, toHex, utf8 } from './bytes.js';
import { chainHash, useProfile } from './digest.js';
import { decodeRlp } from './rlp.js';
import { linkHeaders, decodeHeader } from './header.js';
import { epochOf, firstEpoch, followEpochs, trustedEpoch } from './epochs.js';
import { decodeFinalityProof, verifyFinalityProof } from './finality.js';
import { verifyTrieProof } from './trie.js';

export const kSteps = ['genesis', 'finality', 'headers', 'roots', 'account', 'item', 'document', 'file'];

const bare = (digest) => String(digest).replace(/^0x/, '');
const word = (value) => bigToBytes(value, 32);

/** Where word `offset` of an item's record is kept: `mapping(bytes32 => Item)` at slot 0. */
export function itemSlot(item, offset) {
  return word((toBig(keccak(concat(fromHex(item), word(0n)))) + BigInt(offset)) % (1n << 256n));
}

/** Word 0 of an item's record. */
export function unpackItem(value) {
  let rest = value;
  const take = (bits) => {
    const part = rest & ((1n << BigInt(bits)) - 1n);
    rest >>= BigInt(bits);
    return part;
  };
  const [workflow, state, pack, sequence, organisation] = [8, 8, 16, 32, 32].map((bits) => Number(take(bits)));
  return { workflow, state, pack, sequence, organisation, creator: toHex(bigToBytes(take(160), 20)) };
}

function validatorsOf(text) {
  const { validators, chainId } = JSON.parse(text);
  return { chainId, validators: validators.map((v) => ({ name: v.name, scheme: v.scheme, publicKey: v.voteKey })) };
}

function checkGenesis(bundle, trust) {
  const genesis = trust.genesis ?? bundle.chain.genesis;
  if (bundle.chain.genesis !== genesis) throw new ProofError('other_chain', `${bundle.chain.genesis} ≠ ${genesis}`);
  const { text } = bundle.chain;
  const headerHex = bundle.chain.header;
  if (text === undefined || headerHex === undefined) {
    if (trust.epoch) return { genesis: fromHex(genesis), trusted: trustedEpoch(fromHex(genesis), fromHex(trust.epoch)) };
    if (!trust.validators) throw new ProofError('validators_unknown');
    return { genesis: fromHex(genesis), trusted: firstEpoch(fromHex(genesis), trust.validators) };
  }
  useProfile(JSON.parse(text).profile);
  const header = decodeHeader(fromHex(headerHex));
  if (toHex(header.hash) !== genesis) throw new ProofError('genesis_header_mismatch');
  if (!equal(header.parentHash, chainHash(utf8(text)))) throw new ProofError('genesis_text_mismatch');
  return { genesis: fromHex(genesis), trusted: firstEpoch(fromHex(genesis), validatorsOf(text).validators) };
}

/** A storage word under `root`: its value, 0 when the proof shows that it is absent. */
function provedWord(entry, slot, root) {
  const value = verifyTrieProof(root, chainHash(slot), entry.proof.map(fromHex));
  return value === null ? 0n : toBig(decodeRlp(value));
}

/**
 * @param bundle as the server gave it
 * @param trust `{genesis?, contract?, item?, validators?, epoch?, fileDigest?}`: what the asker knows from elsewhere
 * @returns {{ok, steps: [{name, state: 'proved'|'failed'|'not_given', code?, detail?}], facts}}; after a failed step the
 *   rest is `not_reached`
 */
export function verifyBundle(bundle, trust = {}) {
  const steps = [];
  const facts = { assumptions: [] };
  if (!trust.genesis) facts.assumptions.push('genesis_from_server');
  if (!trust.contract) facts.assumptions.push('contract_from_server');
  if (bundle?.chain?.text === undefined) facts.assumptions.push('validators_given');
  let failed = false;
  const step = (name, run) => {
    if (failed) return void steps.push({ name, state: 'not_reached' });
    try {
      const detail = run();
      steps.push({ name, state: detail === undefined ? 'not_given' : 'proved', detail });
    } catch (error) {
      failed = true;
      steps.push({ name, state: 'failed', code: error.code ?? 'malformed', detail: error.detail ?? error.message });
    }
  };

  let chain;
  let finality;
  let headers;
  let roots;
  let storageRoot;
  let digest;
  step('genesis', () => {
    if (bundle?.version !== 1) throw new ProofError('unknown_version', String(bundle?.version));
    chain = checkGenesis(bundle, trust);
    return { genesis: toHex(chain.genesis), validators: chain.trusted.validators.length, keysFromGenesis: bundle.chain.text !== undefined, pinned: trust.genesis !== undefined };
  });
  step('finality', () => {
    const epochs = followEpochs(chain.genesis, chain.trusted, bundle.epochs);
    const epoch = epochOf(epochs, decodeFinalityProof(fromHex(bundle.finality.attestations)).height);
    finality = verifyFinalityProof(bundle.finality.attestations, epoch.domain, epoch.validators);
    return { signers: finality.signers, needed: finality.needed, of: finality.count, kind: finality.kind, epoch: Number(epoch.number) };
  });
  step('headers', () => {
    headers = linkHeaders([bundle.finality.header, ...bundle.finality.chain]);
    const last = headers[headers.length - 1];
    if (toHex(last.hash) !== finality.blockHash || last.number !== finality.height) throw new ProofError('attested_other_block');
    facts.finalHeight = Number(last.number);
    facts.finalTime = last.timestampMs;
    return { from: Number(headers[0].number), to: Number(last.number), hash: finality.blockHash };
  });
  step('roots', () => {
    const height = BigInt(bundle.height);
    for (const header of headers) {
      roots = header.roots.find((entry) => entry.height === height);
      if (roots) {
        facts.height = Number(height);
        return { height: Number(height), carriedBy: Number(header.number), stateRoot: toHex(roots.stateRoot) };
      }
    }
    throw new ProofError('roots_not_in_headers', String(bundle.height));
  });
  step('account', () => {
    const contract = (trust.contract ?? bundle.item.contract).toLowerCase();
    if (bundle.item.contract.toLowerCase() !== contract) throw new ProofError('other_contract', bundle.item.contract);
    const value = verifyTrieProof(roots.stateRoot, chainHash(fromHex(contract)), bundle.proof.accountProof.map(fromHex));
    if (value === null) throw new ProofError('no_such_contract', contract);
    const account = decodeRlp(value);
    if (account.length !== 4 || account[2].length !== 32) throw new ProofError('bad_account');
    storageRoot = account[2];
    return { contract, storageRoot: toHex(storageRoot), codeHash: toHex(account[3]) };
  });
  step('item', () => {
    if (trust.item && bundle.item.id !== trust.item) throw new ProofError('other_item', bundle.item.id);
    const [first, last] = bundle.proof.storageProof;
    facts.item = unpackItem(provedWord(first, itemSlot(bundle.item.id, 0), storageRoot));
    digest = toHex(word(provedWord(last, itemSlot(bundle.item.id, 1), storageRoot)));
    if (facts.item.workflow === 0) throw new ProofError('no_such_item', bundle.item.id);
    facts.digest = digest;
    return { ...facts.item, digest };
  });
  step('document', () => {
    if (typeof bundle.document !== 'string') return undefined;
    const found = sha256Hex(bundle.document);
    if (found !== digest) throw new ProofError('document_mismatch', found);
    return { digest: found };
  });
  step('file', () => {
    if (!trust.fileDigest) return undefined;
    const named = typeof bundle.document === 'string' ? JSON.parse(bundle.document).digest : undefined;
    if (typeof named !== 'string') throw new ProofError('file_not_in_document');
    if (bare(trust.fileDigest) !== bare(named)) throw new ProofError('file_mismatch', trust.fileDigest);
    return { digest: trust.fileDigest };
  });
  return { ok: !failed, steps, facts };
}
