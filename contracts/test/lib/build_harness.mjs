// SPDX-License-Identifier: Apache-2.0
// Compiles the tests' own contract beside the ones it extends, into build/contracts_test.
import { join } from "node:path";
import { build } from "../../build.mjs";
import { root } from "../../rules.mjs";

build(join(root, "..", "build", "contracts_test"), ["WorkflowsHarness"], ["src", "test"]);
