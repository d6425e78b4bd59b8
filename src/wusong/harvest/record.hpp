// SPDX-License-Identifier: Apache-2.0
// One record on its way: a foreign package as an entry of ours, and an entry of ours as a package
// elsewhere. Pure texts.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "wusong/codec/json.hpp"

namespace wusong::harvest {

/// Another catalogue that ours is copied from, or into. The only places a harvest asks.
struct HarvestSource {
  bool into{false};
  std::string url;                   // https://host[:port]
  std::filesystem::path token_file;  // of the side that is written to: here, or there
  std::string organisation;          // into: the owner there
  std::size_t every_minutes{0};      // 0: only when somebody runs it
};

/// Where our own portal answers, and under which name it is known.
struct OwnSite {
  std::string address;    // http://127.0.0.1:8080
  std::string base;       // https://data.example.cn
  std::string ca_file{};  // authorities for the other site, besides the system's
};

/// A member's text; empty where there is none.
std::string member(const codec::JsonValue& object, std::string_view name);
/// What package_create of our portal takes: with the nine fields of SZ 17 as far as they are said,
/// cautious where they are not, and with where it comes from.
std::string own_package(const codec::JsonValue& package, const std::string& from);
/// What a CKAN elsewhere takes.
std::string foreign_package(const codec::JsonValue& package, const HarvestSource& into,
                            const OwnSite& own);
/// The name that a record of ours has elsewhere: no other software makes such a one.
std::string foreign_name(std::string_view id);
/// Whether a package elsewhere is our copy of this record, and no stranger's.
bool is_copy_of(const codec::JsonValue& package, const OwnSite& own, std::string_view id);
/// The same object with "id".
std::string with_id(std::string_view object, std::string_view id);

}  // namespace wusong::harvest
