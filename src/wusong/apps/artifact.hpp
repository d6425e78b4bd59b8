// SPDX-License-Identifier: Apache-2.0
// Contract code as compilers leave it on disk.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "wusong/apps/errors.hpp"
#include "wusong/base/bytes.hpp"

namespace wusong::apps {

struct Artifact {
  Bytes code;
  std::optional<std::string> constructor_types;  // "(address,uint256)", where an ABI says so
};

/// Whether a text is Solidity for a compiler rather than code, and what to do with it.
bool is_solidity(std::string_view text);
inline constexpr std::string_view kSolidityMend =
    "this is Solidity source; compile it first, with solc --standard-json or npm's solc, and give "
    "the JSON that comes out";

/// Hexadecimal text, raw bytes, or JSON of solc, Hardhat or Foundry. `contract` picks one of
/// several in solc's output; empty where there is one.
/// @errors err::bad_artifact, platform's file rows
[[nodiscard]] Outcome<Artifact> load_artifact(const std::filesystem::path& file,
                                              const std::string& contract);
[[nodiscard]] Outcome<Artifact> parse_artifact(std::string_view text, const std::string& contract);

}  // namespace wusong::apps
