// SPDX-License-Identifier: Apache-2.0
// Rule packs: what the law lets whom do, as data. Parsed strictly, encoded as the contract reads
// it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/base/error.hpp"
#include "wusong/math/uint256.hpp"
#include "wusong/portal/calendar.hpp"
#include "wusong/portal/text.hpp"

namespace wusong::portal {

enum class Relation : std::uint8_t {
  any,
  own,
  creator,
  party,
  parent,
  subject_own,
  subject_creator,
  subject_party
};
enum class OrganisationFrom : std::uint8_t { none, actor, subject, named };
enum class PartyFrom : std::uint8_t { keep, subject_creator, subject_party, actor };
/// How the item that an act refers to hangs together with the act's.
enum class Tie : std::uint8_t { any, same_subject, this_item };

/// Bits of a row's needs.
inline constexpr std::uint8_t kNeedsDocument = 1;
inline constexpr std::uint8_t kNeedsBasis = 2;
inline constexpr std::uint8_t kNeedsOverdue = 4;
inline constexpr std::uint8_t kNeedsInTime = 8;

enum class ClockEffect : std::uint8_t { unchanged, stop, start };

/// One transition as the contract reads it.
struct Row {
  std::uint8_t to{0};
  std::uint32_t roles{0};
  Relation relation{Relation::any};
  OrganisationFrom organisation{OrganisationFrom::none};
  PartyFrom party{PartyFrom::keep};
  std::uint8_t needs{0};
  std::uint8_t subject_workflow{0};
  std::uint32_t subject_states{0};
  std::uint8_t choice_count{0};
  std::uint32_t marks{0};
  ClockEffect clock_effect{ClockEffect::unchanged};
  Clock clock;
  bool content{false};    // the act's document becomes the item's
  bool marks_any{false};  // at least one of the marks instead of all
  std::uint8_t reference_workflow{0};
  std::uint32_t reference_states{0};
  Tie tie{Tie::any};
  bool single{false};  // a subject has at most one such item: its id is single_id()
  friend bool operator==(const Row&, const Row&) = default;
};
/// @shape docs/data-platform.md, section 2
U256 encode(const Row& row) noexcept;
/// @errors err::bad_row: unknown relation or unit, bits beyond the last field, no present bit
[[nodiscard]] Result<Row> decode_row(const U256& word);

constexpr std::uint32_t row_key(std::uint8_t workflow, std::uint8_t action,
                                std::uint8_t from) noexcept {
  return static_cast<std::uint32_t>(workflow) << 16 | static_cast<std::uint32_t>(action) << 8 |
         from;
}
/// Rows by key: all that contract and twin look at.
using RowTable = std::map<std::uint32_t, Row>;

struct NamedNumber {
  std::uint8_t number{0};
  std::string name;
  Text title;
  std::string article;
};
struct Vocabulary {
  std::string name;
  std::string article;
  std::vector<NamedNumber> values;  // numbers 1, 2, 3, …
};
struct LegalNumber {
  std::string name;
  Clock clock;
  std::string article;
};
struct State {
  std::uint8_t number{0};
  std::string name;
  Text title;
  bool is_final{false};
};

/// One row with what people need to read about it.
struct Transition {
  std::uint8_t action{0};
  std::uint8_t from{0};
  Row row;
  std::string choice;  // a vocabulary's name, or empty
  std::string marks;
  std::string clock;  // a number's name, "stop", or empty
  std::string article;
  Text why;
};

struct Workflow {
  std::uint8_t number{0};
  std::string name;
  Text title;
  std::string document;  // the kind of document its items hold
  std::vector<State> states;
  std::vector<NamedNumber> actions;
  std::vector<Transition> transitions;  // by action, then from

  const State* state(std::uint8_t number) const noexcept;
  const State* state(std::string_view name) const noexcept;
  const NamedNumber* action(std::uint8_t number) const noexcept;
  const NamedNumber* action(std::string_view name) const noexcept;
  const Transition* transition(std::uint8_t action, std::uint8_t from) const noexcept;
};

struct Source {
  std::string code;
  Text title;
  std::string status;
};

struct RulePack {
  std::string name;
  std::uint16_t number{0};
  Text title;
  std::vector<Source> sources;
  Date effective_from;
  std::string zone;
  std::int32_t utc_offset{kShanghaiOffset};  // seconds
  std::vector<NamedNumber> roles;            // numbers 0–31, the bits of a mask
  std::vector<LegalNumber> numbers;
  std::vector<Vocabulary> vocabularies;
  std::vector<Workflow> workflows;

  const Workflow* workflow(std::uint8_t number) const noexcept;
  const Workflow* workflow(std::string_view name) const noexcept;
  const Vocabulary* vocabulary(std::string_view name) const noexcept;
  const LegalNumber* legal_number(std::string_view name) const noexcept;
  const NamedNumber* role(std::uint8_t number) const noexcept;
  const NamedNumber* role(std::string_view name) const noexcept;
  const Transition* transition(std::uint8_t workflow, std::uint8_t action,
                               std::uint8_t from) const noexcept;
  RowTable rows() const;
  /// First second of `effective_from` in the pack's zone.
  std::uint64_t effective_seconds() const noexcept;
};

/// Strict: unknown members, unknown names, duplicate numbers or names, missing texts and
/// transitions that can never be taken are faults that name the place.
[[nodiscard]] Checked<RulePack> parse_rule_pack(std::string_view json);

inline constexpr std::size_t kRulePackBytesMax = 4 << 20;

/// Every pack a process knows, by number. References stay valid.
class RuleBook {
 public:
  void add(RulePack pack) { packs_.insert_or_assign(pack.number, std::move(pack)); }
  const RulePack* pack(std::uint16_t number) const noexcept;
  /// The one in force for new items: latest effective date, then highest number.
  const RulePack* in_force(std::uint64_t now) const noexcept;
  const std::map<std::uint16_t, RulePack>& packs() const noexcept { return packs_; }

 private:
  std::map<std::uint16_t, RulePack> packs_;
};

}  // namespace wusong::portal
