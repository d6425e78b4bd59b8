// SPDX-License-Identifier: Apache-2.0
// Runs named cases one after another and counts how they end.
import assert from "node:assert/strict";

const kCaseTimeoutMs = 120_000;

export class Skip extends Error {}

export class Harness {
  passed = 0;
  failed = 0;
  skipped = 0;

  constructor(only) {
    this.only = only;
  }

  /** Runs one case; a failure is printed and counted, never thrown. Returns what `body` returned. */
  async run(name, body) {
    if (this.only && !name.includes(this.only) && !name.endsWith("(setup)")) return undefined;
    let timer;
    const timeout = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no end after ${kCaseTimeoutMs / 1000} s`)), kCaseTimeoutMs);
    });
    try {
      const result = await Promise.race([body(), timeout]);
      this.passed += 1;
      console.log(`ok ${name}`);
      return result;
    } catch (error) {
      if (error instanceof Skip) {
        this.skipped += 1;
        console.log(`skip ${name}: ${error.message}`);
      } else {
        this.failed += 1;
        const text = String(error?.shortMessage ?? error?.message ?? error);
        console.log(`FAIL ${name}: ${text.split("\n").slice(0, 12).join("\n     ")}`);
        if (process.env.E2E_VERBOSE) console.log(error);
      }
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  summary() {
    return `${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped`;
  }
}

/** The error `promise` fails with. */
export async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  assert.fail("expected a failure");
}

/** Polls until `probe` gives something other than undefined. */
export async function eventually(probe, what, timeoutMs = 30_000) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (Date.now() > deadline) assert.fail(`waited ${timeoutMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** One JSON-RPC call without a library: the result, or an Error with `code` and `data`. */
export async function rpc(url, method, params = []) {
  const reply = await post(url, { jsonrpc: "2.0", id: 1, method, params });
  if (reply.error) throw Object.assign(new Error(reply.error.message), reply.error);
  return reply.result;
}

export async function post(url, body) {
  const reply = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await reply.text();
  return text === "" ? undefined : JSON.parse(text);
}
