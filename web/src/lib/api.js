// SPDX-License-Identifier: Apache-2.0
// The server's interface (docs/data-platform.md, sections 5 and 7).
import { digestFile } from '@/verify/bytes.js';

/** A refusal: message, article and next step, each in both languages. */
export class ApiError extends Error {
  constructor(status, body) {
    super(body.message?.en ?? body.message?.zh ?? `HTTP ${status}`);
    Object.assign(this, { status, code: body.code, words: body.message, article: body.article, next: body.next });
  }
}

const kUnreachable = {
  code: 'unreachable',
  message: { zh: '连接不到服务器。', en: 'The server cannot be reached.' },
  next: { zh: '请检查网络后重试；您填写的内容没有丢失。', en: 'Check the network and try again; nothing you wrote is lost.' },
};
const kUnclear = {
  code: 'unclear_answer',
  message: { zh: '服务器的回答无法理解。', en: 'The server’s answer could not be understood.' },
  next: { zh: '请稍后重试；如果再次出现，请告知平台运营机构。', en: 'Try again later; if it happens again, tell the platform’s operator.' },
};

let csrf = '';
export const setCsrf = (token) => (csrf = token ?? '');

const kAsksMax = 120;
/**
 * `options`: headers, signal, `raw` (the body as it is), `waiting(answer)`: called while the server computes something
 * long. Such an answer (202, `computing`) is asked for again until it is there.
 */
export async function request(method, path, body, options = {}) {
  for (let asks = 1; ; ++asks) {
    const { answer, again } = await once(method, path, body, options);
    if (!again || asks >= kAsksMax) return answer;
    options.waiting?.(answer);
    await new Promise((resolve) => setTimeout(resolve, again));
    options.signal?.throwIfAborted();
  }
}

/** `{answer, again?}`: `again` in milliseconds, where the answer is not there yet. */
async function once(method, path, body, options) {
  const headers = { accept: 'application/json', ...options.headers };
  if (method !== 'GET') headers['x-csrf-token'] = csrf;
  if (body !== undefined && !options.raw) headers['content-type'] = 'application/json';
  let response;
  try {
    response = await fetch(path, {
      method, headers, credentials: 'same-origin', signal: options.signal,
      body: options.raw ? body : body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new ApiError(0, kUnreachable);
  }
  if (response.status === 204) return { answer: {} };
  let answer;
  try {
    answer = await response.json();
  } catch {
    throw new ApiError(response.status, kUnclear);
  }
  if (!response.ok) throw new ApiError(response.status, answer.error ?? kUnclear);
  const again = response.status === 202 && answer.status === 'computing' ? 1000 * Math.min(10, Number(response.headers.get('retry-after')) || 1) : undefined;
  return { answer, again };
}

/** `{a: 1, b: undefined, c: ['x', 'y']}` as `?a=1&c=x&c=y`. */
export function queryString(values) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== '' && one !== false) query.append(key, String(one));
    }
  }
  const out = query.toString();
  return out ? `?${out}` : '';
}

export const get = (path, query, options) => request('GET', `/api/v1/${path}${queryString(query)}`, undefined, options);
export const post = (path, body, options) => request('POST', `/api/v1/${path}`, body ?? {}, options);

/** Every page of a list, for an export; at most `max` rows. */
export async function everyPage(path, query, member, max = 10000) {
  const out = [];
  for (let page = 1; out.length < max; ++page) {
    const answer = await get(path, { ...query, page, page_size: 100 });
    out.push(...answer[member]);
    if (answer[member].length === 0 || out.length >= answer.total) break;
  }
  return out.slice(0, max);
}

const kChunk = 4 << 20;
/** Sends a file in pieces and goes on where it stopped. Answers `{digest, size, name, media_type}`. */
export async function upload(file, progress = () => {}) {
  const digest = await digestFile(file, (part) => progress({ phase: 'digest', part }));
  const begun = await post('uploads', { name: file.name, size: file.size, media_type: file.type || 'application/octet-stream' });
  let offset = begun.offset ?? 0;
  let failures = 0;
  while (offset < file.size) {
    try {
      const answer = await request('PATCH', `/api/v1/uploads/${begun.id}`, file.slice(offset, offset + kChunk), {
        raw: true, headers: { 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset) },
      });
      offset = answer.offset;
      failures = 0;
      progress({ phase: 'send', part: offset / file.size });
    } catch (error) {
      if (++failures > 5 || (error.status >= 400 && error.status < 500 && error.status !== 409)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** failures));
      offset = (await get(`uploads/${begun.id}`)).offset;
    }
  }
  const done = await post(`uploads/${begun.id}/finish`);
  if (done.digest.replace(/^0x/, '') !== digest.replace(/^0x/, '')) {
    throw new ApiError(0, { code: 'digest_differs', message: { zh: '服务器收到的文件与您的不同。', en: 'The server received another file than yours.' }, next: { zh: '请重新上传。', en: 'Upload it again.' } });
  }
  return { digest: done.digest, size: file.size, name: file.name, media_type: file.type || 'application/octet-stream' };
}
