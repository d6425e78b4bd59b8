// SPDX-License-Identifier: Apache-2.0
// The projection's tables, and what the names in a rule pack mean to them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/io/sql.hpp"
#include "wusong/portal/access.hpp"
#include "wusong/portal/rules.hpp"

namespace wusong::portal::internal {

std::string schema_of(io::SqlDialect dialect);

/// A derived table with what its digest runs over.
struct DerivedTable {
  std::string_view name;
  std::string_view columns;
  std::string_view key;  // orders it
  std::size_t key_columns;
};
std::span<const DerivedTable> derived_tables() noexcept;

/// Workflows and states that the projection understands, by name from a pack. What a pack does not
/// name never matches.
struct Meaning {
  std::uint8_t entry{0};
  std::uint8_t opening{0};
  std::uint8_t resource{0};
  std::uint8_t commitment{0};
  std::uint8_t agreement{0};
  std::uint8_t grant{0};
  std::uint8_t entry_publish{0};  // the action
  std::uint32_t entry_public{0};
  std::uint32_t resource_public{0};
  std::uint32_t commitment_open{0};
  std::uint32_t agreement_in_force{0};
  std::uint32_t grant_open{0};
  OpeningType opening_of[32]{};

  static Meaning of(const RulePack& pack);
};

inline bool has(std::uint32_t mask, std::uint8_t state) noexcept {
  return state < 32 && (mask >> state & 1) != 0;
}

}  // namespace wusong::portal::internal
