// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import test from 'node:test';

const kept = new Map();
globalThis.localStorage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
const { draftOf, forgetDraftsOf, keepDraft } = await import('../../src/lib/drafts.js');
const now = 1_700_000_000_000;

test('a draft is its owner’s, for a month, until it is sent or its owner signs out', () => {
  keepDraft(['li', 'application'], { purpose: 'x' }, now);
  keepDraft(['wang', 'application'], { purpose: 'y' }, now);
  assert.deepEqual(draftOf(['li', 'application'], now).value, { purpose: 'x' });
  assert.equal(draftOf(['li', 'complaint'], now), undefined);
  assert.equal(draftOf(['li', 'application'], now + 31 * 86_400_000), undefined);
  keepDraft(['li', 'application'], undefined, now);
  assert.equal(draftOf(['li', 'application'], now), undefined);
  forgetDraftsOf('wang', now);
  assert.equal(kept.size, 0);
});

test('twenty drafts are kept, the newest', () => {
  for (let i = 0; i < 25; ++i) keepDraft(['li', String(i)], i, now + i);
  assert.equal(draftOf(['li', '4'], now + 30), undefined);
  assert.equal(draftOf(['li', '5'], now + 30).value, 5);
});

test('a browser that remembers nothing, or something broken, does no harm', () => {
  kept.set('wusong.drafts', '{broken');
  assert.equal(draftOf(['li', '5'], now), undefined);
  kept.set('wusong.drafts', '"text"');
  assert.equal(draftOf(['li', '5'], now), undefined);
});
