// SPDX-License-Identifier: Apache-2.0
// Half-filled forms, kept in this browser until they are sent, whatever the network does. A draft belongs to an account,
// is forgotten after a month and when its owner signs out; twenty are kept.
import { onScopeDispose, ref, watch } from 'vue';
import { store, stored } from './storage.js';

const kDraftsMax = 20;
const kDraftMs = 30 * 86_400_000;
const kPauseMs = 400;

function all(now) {
  try {
    const list = JSON.parse(stored('drafts') ?? '[]');
    return Array.isArray(list) ? list.filter((one) => now - one.at < kDraftMs) : [];
  } catch {
    return [];
  }
}
/** Keeps a value under `[owner, what]`; undefined forgets it. */
export function keepDraft([owner, what], value, now = Date.now()) {
  const rest = all(now).filter((one) => one.owner !== owner || one.what !== what);
  const next = value === undefined ? rest : [{ owner, what, at: now, value }, ...rest].slice(0, kDraftsMax);
  store('drafts', next.length ? JSON.stringify(next) : undefined);
}
/** `{at, value}`, or undefined. */
export const draftOf = ([owner, what], now = Date.now()) => all(now).find((one) => one.owner === owner && one.what === what);
export function forgetDraftsOf(owner, now = Date.now()) {
  const next = all(now).filter((one) => one.owner !== owner);
  store('drafts', next.length ? JSON.stringify(next) : undefined);
}

/**
 * Keeps what `read()` answers while it differs from how the form began. `restoredAt` tells, in seconds, when what `write`
 * was given had been kept; `forget()` when it was sent; `discard()` goes back to the beginning.
 */
export function useDraft(key, read, write) {
  const blank = JSON.stringify(read());
  const found = draftOf(key);
  const restoredAt = ref(found ? found.at / 1000 : 0);
  if (found) write(found.value);
  let timer;
  let done = false;
  const keep = () => {
    clearTimeout(timer);
    timer = undefined;
    const now = JSON.stringify(read());
    if (!done) keepDraft(key, now === blank ? undefined : JSON.parse(now));
  };
  watch(read, () => { timer ??= setTimeout(keep, kPauseMs); }, { deep: true });
  const leave = () => timer && keep();
  addEventListener('pagehide', leave);
  onScopeDispose(() => {
    removeEventListener('pagehide', leave);
    leave();
  });
  const forget = () => {
    done = true;
    keepDraft(key, undefined);
  };
  const discard = () => {
    write(JSON.parse(blank));
    restoredAt.value = 0;
    keepDraft(key, undefined);
  };
  return { restoredAt, forget, discard };
}
