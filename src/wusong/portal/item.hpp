// SPDX-License-Identifier: Apache-2.0
// The twin of Workflows.act: the same guards in the same order with the same named refusals.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string_view>

#include "wusong/base/bytes.hpp"
#include "wusong/portal/calendar.hpp"
#include "wusong/portal/rules.hpp"

namespace wusong::portal {

using ItemId = Hash;

/// State 0 is an item that does not exist.
struct Item {
  std::uint8_t workflow{0};
  std::uint8_t state{0};
  std::uint16_t pack{0};
  std::uint32_t sequence{0};
  std::uint32_t organisation{0};
  std::uint64_t deadline{0};  // first second after the last day; 0: none
  std::uint8_t choice{0};
  std::uint32_t marks{0};
  Address creator;
  Address party;
  ItemId subject;
  Hash document;
  bool exists() const noexcept { return state != 0; }
  friend bool operator==(const Item&, const Item&) = default;
};

/// The id of a workflow's only item about a subject. @source docs/data-platform.md: `single`
ItemId single_id(const ItemId& subject, std::uint8_t workflow) noexcept;

struct Act {
  ItemId item;
  std::uint32_t sequence{0};  // the item's before the act
  std::uint8_t workflow{0};
  std::uint8_t action{0};
  std::uint8_t choice{0};
  std::uint32_t marks{0};
  std::uint32_t organisation{0};  // of a new item, where the row says "named"
  ItemId subject;                 // of a new item
  ItemId refers_to;
  Hash document;
  Hash basis;
  friend bool operator==(const Act&, const Act&) = default;
};

/// Why an act is refused; the contract's custom errors, in the order of the checks.
enum class Refusal : std::uint8_t {
  not_an_actor,
  wrong_sequence,
  no_pack_in_force,
  no_such_transition,
  wrong_role,
  subject_invalid,
  organisation_invalid,
  wrong_relation,
  reference_invalid,
  choice_invalid,
  marks_missing,
  document_missing,
  basis_missing,
  not_overdue,
  overdue,
};
inline constexpr std::size_t kRefusalCount = 15;

struct RefusalInfo {
  std::string_view name;      // "wrong_role": in HTTP answers
  std::string_view solidity;  // "WrongRole": the custom error
  StaticText why;
  StaticText next;  // what to do about it
};
const RefusalInfo& info_of(Refusal refusal) noexcept;

struct Organisation {
  std::uint32_t parent{0};
  std::uint8_t kind{0};
  bool active{false};
  Hash document;
  friend bool operator==(const Organisation&, const Organisation&) = default;
};
struct Actor {
  std::uint32_t organisation{0};  // 0: a person without an organisation
  std::uint32_t roles{0};
  bool active{false};
  friend bool operator==(const Actor&, const Actor&) = default;
};

/// Everything one act looks at besides itself and the rows.
struct Facts {
  Address sender;
  std::optional<Actor> actor;               // nothing: the directory does not know the sender
  bool organisation_active{false};          // the actor's; ignored for organisation 0
  Item item;                                // as it is; state 0 for a new one
  std::uint32_t parent_of_organisation{0};  // of the item's organisation, or a new one's named one
  bool named_active{false};                 // act.organisation is an active organisation
  std::optional<Item> subject;    // the item's, or the act's for a new one, where it exists
  std::optional<Item> reference;  // what act.refers_to names, where it exists
  // The organisations that these four are registered for, active or not; 0: none.
  std::uint32_t creator_organisation{0};
  std::uint32_t party_organisation{0};
  std::uint32_t subject_creator_organisation{0};
  std::uint32_t subject_party_organisation{0};
};

/// What rules apply: the rows of the item's pack, or of the one in force for a new item.
struct Rules {
  std::uint16_t pack{0};
  std::int32_t utc_offset{0};
  const RowTable* rows{nullptr};  // null: no pack in force
  const Calendar* calendar{nullptr};
};

/// The item after the act, or the first check that fails.
/// @source docs/data-platform.md, section 2
[[nodiscard]] std::expected<Item, Refusal> decide(const Act& act, const Facts& facts,
                                                  const Rules& rules, std::uint64_t now);

/// Whether actor and item stand in a relation; `organisation` is the item's, or a new one's named
/// one.
bool related(Relation relation, const Facts& facts, std::uint32_t organisation) noexcept;

/// What an act did, as the contract's event tells it.
struct Acted {
  ItemId item;
  Address actor;
  std::uint8_t workflow{0};
  std::uint8_t action{0};
  std::uint8_t from{0};
  std::uint8_t to{0};
  std::uint32_t sequence{0};  // after the act
  std::uint16_t pack{0};
  std::uint32_t organisation{0};  // these four the item's after the act
  Address party;
  std::uint64_t deadline{0};
  ItemId subject;
  std::uint32_t actor_organisation{0};
  bool content{false};     // `document` became the item's
  std::uint8_t choice{0};  // these five as in the act
  std::uint32_t marks{0};
  ItemId refers_to;
  Hash document;
  Hash basis;
  friend bool operator==(const Acted&, const Acted&) = default;
};
Acted acted(const Act& act, const Facts& facts, const Row& row, const Item& after) noexcept;
/// The item after an event; `before` as it was, state 0 for a new one.
Item apply(const Item& before, const Acted& event) noexcept;

/// The three contracts together, in memory: what tests and simulations hold the chain against.
/// @thread one owner
class Ledger {
 public:
  void set_organisation(std::uint32_t id, const Organisation& organisation);
  void set_actor(const Address& who, const Actor& actor) { actors_[who] = actor; }
  void publish(std::uint16_t pack, const RowTable& rows);
  void seal(std::uint16_t pack, std::uint64_t effective_from, std::int32_t utc_offset);
  void set_working_days(std::uint16_t year, const WorkingYear& days) { calendar_.set(year, days); }

  [[nodiscard]] std::expected<Acted, Refusal> act(const Act& act, const Address& sender,
                                                  std::uint64_t now);
  /// All or none.
  [[nodiscard]] std::expected<std::vector<Acted>, Refusal> act_many(std::span<const Act> acts,
                                                                    const Address& sender,
                                                                    std::uint64_t now);
  /// State 0 where there is none.
  Item item(const ItemId& id) const;
  void put(const ItemId& id, const Item& item) { items_[id] = item; }
  Facts facts(const Act& act, const Address& sender) const;
  Rules rules_for(const Item& item, std::uint64_t now) const;
  const Calendar& calendar() const noexcept { return calendar_; }

 private:
  struct Published {
    std::uint64_t effective_from{0};
    std::int32_t utc_offset{0};
    bool sealed{false};
    RowTable rows;
  };
  std::map<std::uint32_t, Organisation> organisations_;
  std::map<Address, Actor> actors_;
  std::map<std::uint16_t, Published> packs_;
  std::map<ItemId, Item> items_;
  Calendar calendar_;
};

}  // namespace wusong::portal
