// SPDX-License-Identifier: Apache-2.0
// The node's read methods (docs/rpc.md), through the portal.
import { ApiError, get } from './api.js';

let next = 1;
async function call(body) {
  let response;
  try {
    response = await fetch('/rpc', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    return await response.json();
  } catch {
    throw new ApiError(0, {
      code: 'node_unreachable',
      message: { zh: '连接不到区块链节点。', en: 'The chain’s node cannot be reached.' },
      next: { zh: '数据目录仍可使用；请稍后再试。', en: 'The catalogue still works; try again later.' },
    });
  }
}
function resultOf(answer) {
  if (answer?.error) throw new ApiError(400, { code: 'rpc', message: { zh: `节点回答:${answer.error.message}`, en: `The node answered: ${answer.error.message}` } });
  return answer?.result;
}

export async function rpc(method, params = []) {
  return resultOf(await call({ jsonrpc: '2.0', id: next++, method, params }));
}

/** Many calls in one request, answered in order. */
export async function rpcBatch(calls) {
  if (calls.length === 0) return [];
  const first = next;
  next += calls.length;
  const answers = await call(calls.map(([method, params], i) => ({ jsonrpc: '2.0', id: first + i, method, params })));
  const byId = new Map((Array.isArray(answers) ? answers : []).map((answer) => [answer.id, answer]));
  return calls.map((_, i) => resultOf(byId.get(first + i)));
}

export const toNumber = (hex) => (hex === undefined || hex === null ? undefined : Number(BigInt(hex)));
export const toQuantity = (value) => `0x${BigInt(value).toString(16)}`;

/**
 * Calls `onHead(height)` for new blocks: over the WebSocket that the server names, or by asking every second.
 * Answers a function that stops it; `onMode` is told 'live' or 'polling'.
 */
export function followHeads(onHead, onMode = () => {}) {
  let stopped = false;
  let timer;
  let socket;
  let last = -1;
  const tell = (height) => {
    if (stopped || height <= last) return;
    last = height;
    onHead(height);
  };
  const poll = async () => {
    if (stopped) return;
    if (!document.hidden) {
      try {
        tell(toNumber(await rpc('eth_blockNumber')));
      } catch {
        // asked again below
      }
    }
    timer = setTimeout(poll, 1500);
  };
  const startPolling = () => {
    if (stopped || timer) return;
    onMode('polling');
    poll();
  };
  get('chain').then(({ websocket }) => {
    if (stopped) return;
    if (!websocket) return startPolling();
    const url = new URL(websocket, location.href);
    if (url.protocol.startsWith('http')) url.protocol = url.protocol.replace('http', 'ws');
    socket = new WebSocket(url);
    socket.onopen = () => {
      onMode('live');
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params: ['newHeads'] }));
      rpc('eth_blockNumber').then((height) => tell(toNumber(height)), () => {});
    };
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.method === 'eth_subscription') tell(toNumber(message.params.result.number));
    };
    socket.onerror = socket.onclose = startPolling;
  }, startPolling);
  return () => {
    stopped = true;
    clearTimeout(timer);
    socket?.close();
  };
}
