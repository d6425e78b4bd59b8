// SPDX-License-Identifier: Apache-2.0
// toml++, with its assertions as errors: version 3.3 asserts on files such as "[" instead of
// refusing them, and assumes in release builds what it asserts in others. Include toml++ only from
// here, so that all of a program agrees on it.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "wusong/apps/errors.hpp"

namespace wusong::apps::internal {

struct TomlBroken {};
[[noreturn]] inline void toml_broken() {
  throw TomlBroken{};
}

}  // namespace wusong::apps::internal

#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_EXCEPTIONS 0
#define TOML_ASSERT(expr) \
  (static_cast<bool>(expr) ? static_cast<void>(0) : ::wusong::apps::internal::toml_broken())
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

namespace wusong::apps::internal {

/// The table, or the line and what is wrong there; nothing where toml++ gave up.
inline std::optional<Outcome<toml::table>> try_toml(std::string_view text) {
  try {
    toml::parse_result parsed = toml::parse(text);
    if (parsed) return Outcome<toml::table>{std::move(parsed).table()};
    return Outcome<toml::table>{
        failure(err::bad_config, fmt::format("line {}: {}", parsed.error().source().begin.line,
                                             std::string{parsed.error().description()}))};
  } catch (const TomlBroken&) {
    return std::nullopt;
  }
}

}  // namespace wusong::apps::internal

namespace wusong::apps {

/// @errors err::bad_config; the detail starts with "line N: "
inline Outcome<toml::table> parse_toml(std::string_view text) {
  if (auto parsed = internal::try_toml(text)) return *std::move(parsed);
  // The first line that the parser could not get over.
  std::size_t line = 0;
  for (std::size_t end = 0; end < text.size();) {
    ++line;
    end = std::min(text.find('\n', end), text.size() - 1) + 1;
    if (!internal::try_toml(text.substr(0, end))) break;
  }
  return failure(err::bad_config,
                 fmt::format("line {}: this is no TOML; a section is written [name]", line));
}

}  // namespace wusong::apps
