// SPDX-License-Identifier: Apache-2.0
// Runs a native tool from node_modules and gives its output.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "./compile.mjs";

const run = promisify(execFile);

/** A function that runs `name` and returns trimmed stdout; an Error with stderr where it fails. */
export function tool(name, options = {}) {
  const program = join(root, "node_modules", ".bin", name);
  return async (...args) => {
    if (!existsSync(program)) throw new Error(`${name} is not installed: run tests/e2e/run, which installs it`);
    const environment = { ...process.env, FOUNDRY_DISABLE_NIGHTLY_WARNING: "1", NO_COLOR: "1", ...options.env };
    const { stdout, stderr } = await run(program, args, { maxBuffer: 64 << 20, timeout: 110_000, ...options, env: environment });
    // npm's wrapper around the native program loses its exit code.
    if (/^Error: /m.test(stderr)) throw Object.assign(new Error(stderr.trim()), { stderr });
    return stdout.trim();
  };
}
