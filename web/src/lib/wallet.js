// SPDX-License-Identifier: Apache-2.0
// The sealed keys that this browser keeps, by address.
import { ApiError, post } from './api.js';
import { store, stored } from './storage.js';

export function keptKey(address) {
  try {
    return JSON.parse(stored(`key.${address.toLowerCase()}`) ?? 'null');
  } catch {
    return null;
  }
}
export const keepKey = (sealed) => store(`key.${sealed.address.toLowerCase()}`, JSON.stringify(sealed));

/** Prepares, signs with the key kept here, and sends. `body` as for an act; answers like an act. */
export async function actWithOwnKey(address, password, body) {
  const sealed = keptKey(address);
  if (!sealed) {
    throw new ApiError(0, { code: 'no_key', message: { zh: '这个浏览器里没有您的签名密钥。', en: 'This browser does not hold your signing key.' }, next: { zh: '在“我的账户”导入密钥文件。', en: 'Import the key file in “My account”.' } });
  }
  const { openSealedKey, signPrepared } = await import('./transaction.js');
  const secret = await openSealedKey(sealed, password);
  if (!secret) throw new ApiError(0, { code: 'wrong_password', message: { zh: '密钥的密码不对。', en: 'That is not the key’s password.' }, next: { zh: '请重新输入。', en: 'Enter it again.' } });
  try {
    const prepared = await post('prepare', body);
    return await post('transactions', { raw: signPrepared(prepared, secret) });
  } finally {
    secret.fill(0);
  }
}
