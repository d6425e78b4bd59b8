// SPDX-License-Identifier: Apache-2.0
// `wusong evm`: code without a chain, published state tests, and how fast it all runs.
#pragma once

#include <cstdint>
#include <string>

namespace wusong::apps {

struct EvmRunOptions {
  std::string code_file;  // hexadecimal text, with or without 0x, or else raw bytes
  std::string input_hex;
  std::uint64_t gas{30'000'000};
  std::string fork{"Osaka"};
  std::string value{"0"};  // decimal or 0x…
  bool trace{false};       // EIP-3155 lines first
  bool json{false};        // the outcome as one JSON object
};
/// Runs the code as a contract in an otherwise empty state. Prints status, gas, output and logs.
/// @return 0 for success, 1 where the code failed, 2 where the arguments make no sense
int evm_run(const EvmRunOptions& options);

/// Prints one JSON array: {name, fork, index, stateRoot, logsHash} for each entry of `post`, with
/// `error` instead of the roots for forks we do not have.
/// @return 0; 2 where the file cannot be read or is no state test
int evm_statetest(const std::string& path);

struct EvmBenchOptions {
  std::string name;
  std::string code_file;
  std::string input_hex;
  std::uint64_t gas{30'000'000'000};
  std::string fork{"Osaka"};
  std::uint64_t runs{0};  // 0: as many as fit in half a second, three at least
  bool json{false};
};
/// Times calls of the code, warm, each from the same state.
/// @return 0; 1 where the code failed; 2 where the arguments make no sense
int evm_bench(const EvmBenchOptions& options);

}  // namespace wusong::apps
