// SPDX-License-Identifier: Apache-2.0
// Runs Ethereum's published state tests: one transaction on a given state, then the roots.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/vm/evm.hpp"

namespace wusong::exec {

/// One entry of a test's `post`.
struct StateTestCase {
  std::string name;
  std::string fork;
  std::size_t index{0};  // in the fork's array
  /// Why there are no roots: a fork we do not have.
  std::optional<Error> unsupported;
  Hash state_root;
  Hash logs_hash;
  std::optional<Error> refusal;  // why the transaction was not executed
  std::uint64_t gas_used{0};
  // What the file expects.
  Hash expected_state_root;
  Hash expected_logs_hash;
  bool expects_refusal{false};

  /// Roots as expected, and refused exactly where that is expected.
  bool passed() const {
    return !unsupported && state_root == expected_state_root && logs_hash == expected_logs_hash &&
           refusal.has_value() == expects_refusal;
  }
};

struct StateTestOptions {
  /// Runs tests and forks with these names only; empty: all.
  std::string_view only_test;
  std::string_view only_fork;
  vm::Tracer* tracer{nullptr};
  vm::Interpreter* machine{nullptr};  // null: one is made
};

/// Runs every entry of a file of GeneralStateTests or of execution-spec-tests' state tests.
///
/// A fork's name means its rules on the day the test was filled, where the test's `_info` says it
/// (docs/adr/0006-execution.md).
///
/// @shape  JSON as described in ethereum/tests and execution-spec-tests; `post` entries need
///         `hash` and `logs` only for passed()
/// @errors err::bad_state_test, and codec's rows for text that is not JSON
[[nodiscard]] Result<std::vector<StateTestCase>> run_state_tests(
    std::string_view json, const StateTestOptions& options = {});

}  // namespace wusong::exec
