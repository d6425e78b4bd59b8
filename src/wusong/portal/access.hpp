// SPDX-License-Identifier: Apache-2.0
// The one place that decides who may see what. Everything that answers a reader asks here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/portal/item.hpp"
#include "wusong/portal/rules.hpp"
#include "wusong/portal/text.hpp"

namespace wusong::portal {

enum class ViewerKind : std::uint8_t { anonymous, real_name, organisation };

/// Who asks. `address` is what the account acts with on the chain.
struct Viewer {
  ViewerKind kind{ViewerKind::anonymous};
  Address address;
  std::uint32_t organisation{0};
  std::uint32_t roles{0};
};

enum class OpeningType : std::uint8_t { unknown, unconditional, conditional, closed };

/// What the access decision must know about roles and states, taken by name from a pack, so that
/// numbers stay data.
struct AccessRules {
  /// @errors err::bad_rule_pack where a name it relies on is missing; the fault names it
  [[nodiscard]] static Checked<AccessRules> of(const RulePack& pack);

  std::uint32_t city_roles{0};      // sees everything
  std::uint32_t district_roles{0};  // sees what belongs to the organisations below its own
  std::uint32_t operator_roles{0};  // runs the platform
  std::uint32_t watch_roles{0};     // regulators: see what concerns security, decide nothing
  std::uint32_t official_roles{0};  // work for a public body: see the base catalogue (SZ 21)

  struct OfWorkflow {
    std::uint8_t number{0};
    std::string name;
    std::uint32_t public_states{0};   // everybody sees items in these
    std::uint32_t settled_states{0};  // public, and the item's document is what the public gets
    std::uint32_t reviewer_roles{0};  // see every item besides those concerned
    bool for_operator{false};
    bool for_watchers{false};
    bool for_officials{false};  // public states are for officials only
  };
  std::vector<OfWorkflow> workflows;
  const OfWorkflow* workflow(std::string_view name) const noexcept;
};

/// Settings that the law leaves open (requirement 12).
struct AccessSettings {
  bool conditional_metadata_public{true};  // false: only for real-name users
};

/// A right to a dataset's bytes, as the projection derives it.
struct Right {
  ItemId entry;
  ItemId source;  // the commitment or grant
  std::uint8_t workflow{0};
  Address holder;
  std::uint32_t organisation{0};  // 0: only the holder
  std::uint64_t from{0};
  std::uint64_t until{0};       // 0: no end
  bool open{false};             // false: suspended or ended
  std::vector<Hash> resources;  // digests of their bytes, every version; empty: all of the entry's
};

enum class DenialReason : std::uint8_t {
  none,
  sign_in,  // anonymous, but real-name users could
  not_published,
  not_a_party,
  closed_by_law,
  commitment_missing,
  grant_missing,
  grant_suspended,
  grant_not_yet,
  grant_ended,
  outside_grant,  // the grant covers other resources
  not_in_review,
  case_under_way,  // their application or agreement is on its way: the texts say where
};

struct Decision {
  bool allowed{false};
  DenialReason reason{DenialReason::none};
  std::string_view article;
  StaticText why;
  StaticText next;
};
Decision allow() noexcept;
Decision deny(DenialReason reason) noexcept;
std::string_view name_of(DenialReason reason) noexcept;

/// An item's page, its history and its document.
struct ItemView {
  std::string_view workflow;  // the name
  Item item;
  std::uint32_t parent_of_organisation{0};
  std::optional<Item> subject;
  // For whom creator and party act, where known; 0: for themselves.
  std::uint32_t creator_organisation{0};
  std::uint32_t party_organisation{0};
  OpeningType opening{OpeningType::unknown};  // of an entry
};
Decision may_see_item(const Viewer& viewer, const ItemView& item, const AccessRules& rules,
                      const AccessSettings& settings) noexcept;
/// The document behind a digest is as visible as the item that names it, but drafts and what others
/// applied with stay with those concerned.
Decision may_read_document(const Viewer& viewer, const ItemView& item, bool document_is_public,
                           const AccessRules& rules, const AccessSettings& settings) noexcept;

/// A published dataset's description.
Decision may_see_metadata(const Viewer& viewer, const ItemView& entry, const AccessRules& rules,
                          const AccessSettings& settings) noexcept;

/// A dataset's bytes: rows, files, API.
struct BytesRequest {
  ItemView entry;
  Hash resource;              // digest; zero: the dataset as such
  bool published{false};      // the entry shows a resource that has, or had, these bytes
  std::vector<Right> rights;  // every right this viewer holds on the entry
  std::uint64_t now{0};
};
Decision may_read_bytes(const Viewer& viewer, const BytesRequest& request,
                        const AccessRules& rules) noexcept;

}  // namespace wusong::portal
