// SPDX-License-Identifier: Apache-2.0
// A verification's outcome in plain words, in Chinese and English.

export const stepWords = {
  genesis: {
    title: { zh: '链的身份', en: 'Which chain' },
    proved: { zh: '创世区块与您信任的一致，验证节点的公钥由它确定。', en: 'The genesis block is the one you trust, and it fixes the validators’ keys.' },
    assumed: { zh: '证明属于本网站所说的那条链；创世摘要还没有经过您核对。', en: 'The proof is of the chain that this site names; you have not compared its genesis hash yet.' },
  },
  finality: {
    title: { zh: '验证节点签名', en: 'Validators’ signatures' },
    proved: { zh: '足够多的验证节点签名确认该区块已最终确定，其中至少一个是诚实的。', en: 'Enough validators signed that the block is final; at least one of them is honest.' },
  },
  headers: {
    title: { zh: '区块头链接', en: 'Linked headers' },
    proved: { zh: '区块头逐个相连，直到有签名的那一个。', en: 'The headers name one another up to the one that was signed.' },
  },
  roots: {
    title: { zh: '状态根', en: 'State root' },
    proved: { zh: '已最终确定的区块头载有这一高度的状态根。', en: 'A final header carries the state root of this height.' },
  },
  account: {
    title: { zh: '流程合约', en: 'Workflow contract' },
    proved: { zh: '流程合约及其存储在该状态根之下。', en: 'The workflow contract and its storage stand under that root.' },
  },
  item: {
    title: { zh: '事项记录', en: 'The item’s record' },
    proved: { zh: '该事项的状态、序号和文书摘要记录在合约中。', en: 'The item’s state, sequence and document digest are recorded in the contract.' },
  },
  document: {
    title: { zh: '文书内容', en: 'The document' },
    proved: { zh: '您看到的文书与链上摘要一致，一个字也没有改动。', en: 'The document you see has the digest on the chain: not a character differs.' },
    not_given: { zh: '服务器没有提供文书，只核对了摘要是否存在。', en: 'The server gave no document: only the digest’s presence was checked.' },
  },
  file: {
    title: { zh: '文件', en: 'The file' },
    proved: { zh: '您选择的文件与登记的文件完全相同。', en: 'The file you chose is exactly the one that was registered.' },
    not_given: { zh: '没有选择文件。下载后可在此核对。', en: 'No file was chosen. Download one and check it here.' },
  },
};

export const codeWords = {
  other_chain: { zh: '证明来自另一条链。', en: 'The proof comes from another chain.' },
  genesis_header_mismatch: { zh: '创世区块头与创世摘要不符。', en: 'The genesis header does not have the genesis hash.' },
  genesis_text_mismatch: { zh: '创世文件与创世区块头不符，验证节点的公钥不可信。', en: 'The genesis file does not fit the genesis header: its keys cannot be trusted.' },
  validators_unknown: { zh: '没有验证节点的公钥，无法核对签名。', en: 'Without the validators’ keys, signatures cannot be checked.' },
  too_few_signatures: { zh: '签名的验证节点不够多。', en: 'Too few validators signed.' },
  unknown_validator: { zh: '签名者不在当时的验证节点之中。', en: 'A signer is not among the validators of that time.' },
  bad_epoch: { zh: '证明中的验证节点名单格式不正确。', en: 'A list of validators in the proof is malformed.' },
  no_epoch_ends: { zh: '该区块没有更换验证节点。', en: 'A block that should name new validators names none.' },
  wrong_epoch: { zh: '验证节点的更替不相连。', en: 'The changes of validators do not follow one another.' },
  before_trust: { zh: '该区块早于您信任的验证节点。', en: 'The block is older than the validators you trust.' },
  bad_signature: { zh: '有签名不成立。', en: 'A signature does not hold.' },
  headers_not_linked: { zh: '区块头没有相连。', en: 'The headers do not follow one another.' },
  attested_other_block: { zh: '签名属于另一个区块。', en: 'The signatures are of another block.' },
  roots_not_in_headers: { zh: '这些区块头没有载明该高度的状态根。', en: 'None of the headers carries the roots of that height.' },
  other_contract: { zh: '证明针对另一个合约。', en: 'The proof is about another contract.' },
  other_item: { zh: '证明针对另一个事项。', en: 'The proof is about another item.' },
  no_such_contract: { zh: '链上没有这个合约。', en: 'There is no such contract on the chain.' },
  no_such_item: { zh: '链上没有这个事项。', en: 'There is no such item on the chain.' },
  document_mismatch: { zh: '文书与链上摘要不符：内容被改动过，或者不是同一份。', en: 'The document does not have the digest on the chain: it was changed, or is another one.' },
  file_mismatch: { zh: '您的文件与登记的不同。', en: 'Your file differs from the registered one.' },
  file_not_in_document: { zh: '文书中没有登记这个文件。', en: 'The document does not register this file.' },
  proof_hash_mismatch: { zh: '证明中的节点与状态根不符。', en: 'A node of the proof does not lead to the root.' },
  proof_incomplete: { zh: '证明不完整。', en: 'The proof is incomplete.' },
};
const kMalformed = { zh: '证明的格式不正确。', en: 'The proof is malformed.' };

export const assumptionWords = {
  genesis_from_server: {
    zh: '创世摘要由本网站提供。请与联盟的几个成员核对这个摘要；核对过以后，结论不再依赖本网站。',
    en: 'The genesis hash came from this site. Compare it with several members of the consortium; after that, nothing depends on this site.',
  },
  validators_given: {
    zh: '验证节点的公钥由节点提供。请与创世文件(genesis.json)核对；命令行核验可以直接使用创世文件。',
    en: 'The validators’ keys came from the node. Compare them with genesis.json; the command line can use that file directly.',
  },
  contract_from_server: {
    zh: '流程合约的地址由本网站提供，应与公布的地址核对。',
    en: 'The workflow contract’s address came from this site: compare it with the published one.',
  },
};

export const notProved = [
  { zh: '文书所说的内容是否属实。', en: 'Whether what the document says is true.' },
  { zh: '在这个高度之后是否有更新的记录。', en: 'Whether something newer was recorded after this height.' },
  { zh: '链外是否还有别的文件。', en: 'Whether other files exist outside the chain.' },
];

export function describeStep(step, language) {
  const words = stepWords[step.name];
  const text =
    step.state === 'failed'
      ? (codeWords[step.code] ?? kMalformed)
      : step.state === 'not_reached'
        ? { zh: '前一步没有通过，未核对。', en: 'Not checked: an earlier step failed.' }
        : (words[step.name === 'genesis' && step.state === 'proved' && !step.detail.pinned ? 'assumed' : step.state] ?? words.proved);
  return { title: words.title[language], text: text[language] };
}

export function verdict(result, language) {
  if (!result.ok) {
    return { zh: '没有通过核对。下面写明是哪一步。', en: 'This did not verify. The step that failed is named below.' }[language];
  }
  const document = result.steps.find((step) => step.name === 'document').state === 'proved';
  return {
    zh: document ? '已证明：您看到的文书就是链上登记、多方确认的那一份。' : '已证明：链上登记了这个事项及其文书摘要。',
    en: document
      ? 'Proved: the document you see is the one registered on the chain and confirmed by several parties.'
      : 'Proved: the chain registers this item and its document’s digest.',
  }[language];
}
