// SPDX-License-Identifier: Apache-2.0
// Call data for the platform's contracts, and their events read from logs.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/portal/item.hpp"
#include "wusong/types/receipt.hpp"

namespace wusong::portal {

inline constexpr std::size_t kActsMax = 256;   // in one actMany
inline constexpr std::size_t kRowsMax = 1024;  // in one publish

/// First four bytes of keccak256(signature).
std::uint32_t selector_of(std::string_view signature) noexcept;

Bytes encode_act_call(const Act& act);
Bytes encode_act_many_call(std::span<const Act> acts);
Bytes encode_item_call(const ItemId& item);
Bytes encode_set_organisation_call(std::uint32_t id, const Organisation& organisation);
Bytes encode_set_actor_call(const Address& who, const Actor& actor);
Bytes encode_publish_call(std::uint16_t pack, const RowTable& rows);
struct Seal {
  std::uint16_t pack{0};
  std::uint64_t effective_from{0};
  std::int32_t utc_offset{0};
  std::uint32_t row_count{0};
  Hash document;  // SHA-256 of the pack in canonical JSON
  friend bool operator==(const Seal&, const Seal&) = default;
};
Bytes encode_seal_call(const Seal& seal);
Bytes encode_set_working_days_call(std::uint16_t year, const WorkingYear& days);

/// The acts in the call data of act or actMany. Accepts exactly what the encoders write.
/// @errors err::bad_call
[[nodiscard]] Result<std::vector<Act>> decode_act_call(BytesView data);
/// What item(bytes32) answers. @errors err::bad_call
[[nodiscard]] Result<Item> decode_item(BytesView output);

/// Which custom error of Workflows revert data is, or nothing for other data.
std::optional<Refusal> refusal_of(BytesView revert_data) noexcept;

/// What Directory refuses a setting for.
enum class DirectoryRefusal : std::uint8_t {
  not_authorised,
  organisation_invalid,
  actor_invalid,
  own_entry
};
inline constexpr std::size_t kDirectoryRefusalCount = 4;
const RefusalInfo& info_of(DirectoryRefusal refusal) noexcept;
std::optional<DirectoryRefusal> directory_refusal_of(BytesView revert_data) noexcept;

struct OrganisationSet {
  std::uint32_t id{0};
  Organisation organisation;
  Address by;
  friend bool operator==(const OrganisationSet&, const OrganisationSet&) = default;
};
struct ActorSet {
  Address who;
  Actor actor;
  Address by;
  friend bool operator==(const ActorSet&, const ActorSet&) = default;
};
struct DistrictRolesSet {
  std::uint32_t roles{0};
  Address by;
  friend bool operator==(const DistrictRolesSet&, const DistrictRolesSet&) = default;
};
struct RulesPublished {
  std::uint16_t pack{0};
  std::vector<std::uint32_t> keys;
  std::vector<U256> rows;
  friend bool operator==(const RulesPublished&, const RulesPublished&) = default;
};
struct RulesSealed {
  Seal seal;
  friend bool operator==(const RulesSealed&, const RulesSealed&) = default;
};
struct WorkingDaysSet {
  std::uint16_t year{0};
  WorkingYear days;
  friend bool operator==(const WorkingDaysSet&, const WorkingDaysSet&) = default;
};
using Event = std::variant<Acted, OrganisationSet, ActorSet, DistrictRolesSet, RulesPublished,
                           RulesSealed, WorkingDaysSet>;

/// Where the contracts stand.
struct Contracts {
  Address directory;
  Address rule_book;
  Address workflows;
};

/// The event in a log; nothing where the log is another contract's or another event.
/// @errors err::bad_event: one of ours in a shape that the contracts never emit
[[nodiscard]] Result<std::optional<Event>> decode_event(const types::Log& log,
                                                        const Contracts& contracts);
/// The log that the contracts emit for an event; for tests and simulations.
types::Log encode_event(const Event& event, const Contracts& contracts);

}  // namespace wusong::portal
