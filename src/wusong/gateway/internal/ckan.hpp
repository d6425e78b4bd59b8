// SPDX-License-Identifier: Apache-2.0
// CKAN's Action API: what its actions share. The table of actions is in ckan.cpp.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wusong/codec/json.hpp"
#include "wusong/gateway/gateway.hpp"
#include "wusong/gateway/reply.hpp"
#include "wusong/portal/dataset.hpp"

namespace wusong::gateway::internal {

inline constexpr std::uint64_t kCkanRowsMax = 1'000;     // packages in one answer
inline constexpr std::uint64_t kCkanNamesMax = 100'000;  // names in one list

/// CKAN's own errors: their types are what its clients look at.
struct CkanError {
  std::string_view type;  // "Not Found Error"
  Problem problem;        // status, words and next step
  std::string field{};    // of a "Validation Error"
};
template <typename T>
using CkanAnswer = std::expected<T, CkanError>;

std::unexpected<CkanError> not_found();
std::unexpected<CkanError> denied(std::string message = {});
/// `message`: "field: what is wrong with it".
std::unexpected<CkanError> invalid(std::string message);
std::unexpected<CkanError> invalid(std::string field, portal::StaticText what);
/// A search that cannot be understood.
std::unexpected<CkanError> bad_search(portal::StaticText what);
std::unexpected<CkanError> from(Error error);
std::unexpected<CkanError> from(Problem problem);

/// What the action was asked with: JSON of the body, fields of a form, or the query string.
class Arguments {
 public:
  static CkanAnswer<Arguments> read(const Exchange& exchange);

  bool has(std::string_view name) const;
  std::string text(std::string_view name) const;
  std::uint64_t number(std::string_view name, std::uint64_t otherwise) const;
  /// The same, strictly. @errors "Validation Error" of that field
  CkanAnswer<std::uint64_t> whole_number(std::string_view name, std::uint64_t otherwise) const;
  bool flag(std::string_view name) const;
  /// A list in JSON, or written as a string: ["a","b"] or a,b.
  std::vector<std::string> list(std::string_view name) const;
  std::optional<codec::JsonValue> value(std::string_view name) const;
  /// CKAN's extras: a member of that name, or one of `extras`.
  std::string extra(std::string_view name) const;

 private:
  std::optional<codec::JsonDocument> body_;
  Fields query_;
};

using CkanAction = CkanAnswer<std::string> (*)(Exchange&, const Arguments&);

std::optional<Hash> ckan_id(std::string_view text);
/// The dataset that the caller may see, published or a draft of theirs, as package_show answers.
CkanAnswer<std::string> package_dict(Exchange& exchange, const Hash& id);
/// The dataset that holds a resource, and the resource.
CkanAnswer<std::pair<portal::Dataset, portal::Resource>> resource_of(Exchange& exchange,
                                                                     const std::string& id);

// catalog.cpp
CkanAnswer<std::string> package_search(Exchange& exchange, const Arguments& arguments);
CkanAnswer<std::string> package_list(Exchange& exchange, const Arguments& arguments);
CkanAnswer<std::string> current_packages(Exchange& exchange, const Arguments& arguments);
CkanAnswer<std::string> package_show(Exchange& exchange, const Arguments& arguments);
CkanAnswer<std::string> resource_show(Exchange& exchange, const Arguments& arguments);
CkanAnswer<std::string> resource_search(Exchange& exchange, const Arguments& arguments);

// ckan.cpp
CkanAnswer<std::string> organization_list(Exchange& exchange, const Arguments& arguments);
CkanAnswer<std::string> organization_show(Exchange& exchange, const Arguments& arguments);
CkanAnswer<std::string> organization_list_for_user(Exchange& exchange, const Arguments& arguments);
CkanAnswer<std::string> group_list(Exchange& exchange, const Arguments& arguments);
CkanAnswer<std::string> group_show(Exchange& exchange, const Arguments& arguments);
CkanAnswer<std::string> tag_list(Exchange& exchange, const Arguments& arguments);
CkanAnswer<std::string> license_list(Exchange& exchange, const Arguments& arguments);

// ckan_write.cpp
CkanAnswer<std::string> package_create(Exchange& exchange, const Arguments& arguments);
CkanAnswer<std::string> package_update(Exchange& exchange, const Arguments& arguments);
CkanAnswer<std::string> package_patch(Exchange& exchange, const Arguments& arguments);
CkanAnswer<std::string> package_delete(Exchange& exchange, const Arguments& arguments);
CkanAnswer<std::string> resource_create(Exchange& exchange, const Arguments& arguments);
CkanAnswer<std::string> resource_delete(Exchange& exchange, const Arguments& arguments);

}  // namespace wusong::gateway::internal
