// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/artifact.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "wusong/apps/config.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/platform/files.hpp"

namespace wusong::apps {
namespace {

constexpr std::size_t kNamesShown = 12;

/// The creation code of one contract's object: Hardhat's and truffle's bytecode, Foundry's
/// bytecode.object, solc's evm.bytecode.object and bin.
std::optional<std::string_view> bytecode_of(const codec::JsonValue& contract) {
  if (const auto bin = contract.string_at("bin")) return *bin;
  auto code = contract.find("bytecode");
  if (const auto evm = contract.find("evm"); !code && evm) code = evm->find("bytecode");
  if (code && code->is_object()) code = code->find("object");
  if (!code) return std::nullopt;
  const auto text = code->string();
  return text ? std::optional{*text} : std::nullopt;
}

std::optional<std::string> constructor_of(const codec::JsonValue& contract) {
  const auto abi = contract.find("abi");
  if (!abi || !abi->is_array()) return std::nullopt;
  for (const codec::JsonValue& entry : abi->items()) {
    const auto type = entry.string_at("type");
    const auto inputs = entry.find("inputs");
    if (!type || *type != "constructor" || !inputs) continue;
    std::string types;
    for (const codec::JsonValue& input : inputs->items()) {
      types += fmt::format("{}{}", types.empty() ? "" : ",", input.string_at("type").value_or(""));
    }
    return "(" + types + ")";
  }
  return "()";
}

struct Named {
  std::string name;
  codec::JsonValue contract;
};

/// What one contract's own file calls it: Hardhat's contractName, Foundry's compilationTarget.
std::string name_in(const codec::JsonValue& contract) {
  if (const auto name = contract.string_at("contractName")) return std::string{*name};
  auto target = contract.find("metadata");
  for (const std::string_view key : {"settings", "compilationTarget"}) {
    if (target) target = target->find(key);
  }
  if (!target || !target->is_object()) return {};
  for (const auto& [file, name] : target->members()) return std::string{name.string().value_or("")};
  return {};
}

/// solc's standard output is contracts[file][name], its combined one contracts["file:name"].
std::vector<Named> contracts_in(const codec::JsonValue& root) {
  std::vector<Named> out;
  const auto add = [&out](std::string_view name, const codec::JsonValue& contract) {
    const auto code = bytecode_of(contract);
    if (!code || code->empty() || *code == "0x") return false;  // an interface
    out.push_back({std::string{name}, contract});
    return true;
  };
  if (add(name_in(root), root)) return out;
  const auto all = root.find("contracts");
  if (!all) return out;
  for (const auto& [file, value] : all->members()) {
    if (add(file.substr(file.rfind(':') + 1), value)) continue;
    for (const auto& [name, contract] : value.members()) add(name, contract);
  }
  return out;
}

Outcome<Named> choose(const std::vector<Named>& found, const std::string& contract) {
  if (found.empty()) {
    return failure(err::bad_artifact,
                   "no contract with code; wanted bytecode, bytecode.object, evm.bytecode.object "
                   "or bin (an interface or abstract contract has none)");
  }
  if (found.size() == 1 && (contract.empty() || found[0].name.empty())) return found[0];
  if (found.size() == 1 && found[0].name != contract) {
    return failure(err::bad_artifact, fmt::format("no contract \"{}\"; the only one is \"{}\"",
                                                  contract, found[0].name));
  }
  std::vector<std::string> names;
  for (const Named& one : found) {
    if (one.name == contract) return one;
    names.push_back(one.name);
  }
  if (contract.empty()) {
    return failure(err::bad_artifact,
                   fmt::format("{} contracts; choose one with --contract, as in --contract {}",
                               found.size(), names.back()));
  }
  const std::string close = nearest(contract, names);
  if (names.size() > kNamesShown) names.resize(kNamesShown);
  return failure(
      err::bad_artifact,
      fmt::format("no contract \"{}\"; did you mean \"{}\"? There are {}{}", contract, close,
                  fmt::join(names, ", "), found.size() > kNamesShown ? ", …" : ""));
}

Outcome<Artifact> from_json(std::string_view text, const std::string& contract) {
  const auto document = codec::JsonDocument::parse(text);
  if (!document) return failure(err::bad_artifact, "starts like JSON but is none");
  const auto chosen = choose(contracts_in(document->root()), contract);
  if (!chosen) return std::unexpected{chosen.error()};
  const std::string_view digits = *bytecode_of(chosen->contract);
  auto code = codec::from_hex(digits);
  if (!code && digits.find("__") != std::string_view::npos) {
    return failure(
        err::bad_artifact,
        "libraries are not linked; deploy them and give their addresses to the compiler");
  }
  if (!code) return failure(err::bad_artifact, "its bytecode is not hexadecimal");
  return Artifact{.code = *std::move(code), .constructor_types = constructor_of(chosen->contract)};
}

/// No code is made of printable characters alone: its instructions end with bytes above 0x7f.
bool is_text(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= ' ' && c <= '~') || c == '\n' || c == '\r' || c == '\t'; });
}

}  // namespace

bool is_solidity(std::string_view text) {
  return text.find("pragma solidity") != std::string_view::npos ||
         text.find("SPDX-License-Identifier") != std::string_view::npos;
}

Outcome<Artifact> parse_artifact(std::string_view text, const std::string& contract) {
  // npm's solc says something about SMT solvers on its standard output first.
  if (text.starts_with(">>>")) text.remove_prefix(std::min(text.find('\n'), text.size()));
  const auto first = text.find_first_not_of(" \r\n\t");
  if (first == std::string_view::npos) return failure(err::bad_artifact, "holds no code");
  if (text[first] == '{') return from_json(text, contract);
  if (is_solidity(text)) return failure(err::bad_artifact, std::string{kSolidityMend});
  if (!contract.empty()) {
    return failure(
        err::bad_artifact,
        "plain code has no contracts to choose from; --contract needs a compiler's JSON");
  }
  std::string digits{text};
  std::erase_if(digits, [](char c) { return c == ' ' || c == '\r' || c == '\n' || c == '\t'; });
  if (auto code = codec::from_hex(digits))
    return Artifact{.code = *std::move(code), .constructor_types = {}};
  if (is_text(text)) {
    return failure(err::bad_artifact, "is a text, but neither hexadecimal nor a compiler's JSON");
  }
  return Artifact{.code = to_bytes(as_bytes(text)), .constructor_types = {}};
}

Outcome<Artifact> load_artifact(const std::filesystem::path& file, const std::string& contract) {
  const auto text = platform::read_text(file.string());
  if (!text) return failure(text.error(), fmt::format("{}: cannot be read", file.string()));
  if (file.extension() == ".sol") {
    return failure(err::bad_artifact, fmt::format("{}: {}", file.string(), kSolidityMend));
  }
  auto artifact = parse_artifact(*text, contract);
  if (!artifact) {
    return failure(artifact.error().error,
                   fmt::format("{}: {}", file.string(), artifact.error().detail));
  }
  return artifact;
}

}  // namespace wusong::apps
