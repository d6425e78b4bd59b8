// SPDX-License-Identifier: Apache-2.0
// Passkeys (WebAuthn): the server's JSON to what the browser takes, and back.
import { ApiError, post } from './api.js';

const fromText = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0));
const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
const credentials = (list) => (list ?? []).map((one) => ({ ...one, id: fromText(one.id) }));

export const passkeysWork = () => typeof PublicKeyCredential === 'function' && window.isSecureContext;

/** Refusals of the browser in words; people who close its dialog see none of them. */
function said(error) {
  if (error.name === 'InvalidStateError') return new ApiError(0, { code: 'passkey_known', message: { zh: '这台设备已经登记过通行密钥。', en: 'This device is registered already.' }, next: { zh: '可以直接用它登录。', en: 'Sign in with it.' } });
  if (error.name === 'SecurityError') return new ApiError(0, { code: 'passkey_host', message: { zh: '这个地址不能使用通行密钥。', en: 'Passkeys do not work at this address.' }, next: { zh: '请使用平台的正式域名（https），不要用 IP 地址。', en: 'Use the portal’s own name over https, not an IP address.' } });
  return new ApiError(0, { code: 'passkey_stopped', message: { zh: '没有完成：操作已取消或超时。', en: 'Not done: it was cancelled or took too long.' }, next: { zh: '请再试一次，或换一种登录方式。', en: 'Try again, or sign in another way.' } });
}
async function ask(begin) {
  try {
    return await begin();
  } catch (error) {
    throw said(error);
  }
}

export async function addPasskey(name) {
  const { publicKey } = await post('passkeys/register/begin');
  const options = { ...publicKey, challenge: fromText(publicKey.challenge), user: { ...publicKey.user, id: fromText(publicKey.user.id) }, excludeCredentials: credentials(publicKey.excludeCredentials) };
  const made = await ask(() => navigator.credentials.create({ publicKey: options }));
  return post('passkeys/register/finish', { id: made.id, name, response: { clientDataJSON: toText(made.response.clientDataJSON), attestationObject: toText(made.response.attestationObject) } });
}

/** Answers like `me`. */
export async function enterWithPasskey() {
  const { publicKey } = await post('passkeys/login/begin');
  const options = { ...publicKey, challenge: fromText(publicKey.challenge), allowCredentials: credentials(publicKey.allowCredentials) };
  const { id, response } = await ask(() => navigator.credentials.get({ publicKey: options }));
  return post('passkeys/login/finish', { id, response: { clientDataJSON: toText(response.clientDataJSON), authenticatorData: toText(response.authenticatorData), signature: toText(response.signature), userHandle: response.userHandle ? toText(response.userHandle) : undefined } });
}
