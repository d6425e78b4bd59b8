// SPDX-License-Identifier: Apache-2.0
// A published dataset as readers see it, and the search over all of them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wusong/base/error.hpp"
#include "wusong/io/sql.hpp"
#include "wusong/portal/access.hpp"
#include "wusong/portal/item.hpp"
#include "wusong/portal/text.hpp"

namespace wusong::portal {

struct Column {
  std::string name;
  Text title;
  std::string type;  // string, integer, number, boolean, date, datetime
  Text description;
};

struct Resource {
  ItemId id;
  ItemId entry;
  Text name;
  std::string format;      // "CSV"
  std::string media_type;  // "text/csv"
  std::uint64_t size{0};
  std::uint64_t rows{0};
  Hash digest;  // SHA-256 of the bytes
  std::vector<Column> columns;
  std::uint32_t version{0};
  std::uint64_t updated{0};
  bool current{true};
};

/// Data that stand elsewhere: an entry may name an address instead of a file.
struct Link {
  std::string name;
  std::string format;
  std::string url;  // http or https
};

struct Dataset {
  ItemId id;
  std::uint64_t number{0};  // larger: published or changed later
  Text title;
  Text abstract;
  std::uint32_t organisation{0};
  Text organisation_title;
  OpeningType opening{OpeningType::unknown};
  std::string sharing;
  std::vector<Text> items;
  std::vector<std::string> formats;
  std::string frequency;
  Text system;
  std::vector<std::string> topics;
  std::vector<std::string> tags;
  Text conditions;
  std::vector<Text> subjects;   // conditions on who, SZ 25
  std::vector<Text> scenarios;  // SZ 26
  std::vector<Text> modes;      // SZ 27
  std::vector<Text> materials;
  std::string licence;
  std::string contact;
  std::string grade;
  std::vector<Link> links;
  std::vector<std::pair<std::string, std::string>> extras;  // what CKAN's clients said besides
  std::uint64_t published{0};
  std::uint64_t updated{0};
  std::uint64_t downloads{0};
  std::uint32_t version{0};
  Hash document;
  std::vector<Resource> resources;  // filled by dataset(), not by search()
};

/// `oldest`: changed longest ago first; `id`: an order that changes do not disturb.
enum class SortBy : std::uint8_t { relevance, updated, downloads, oldest, id };

struct DatasetQuery {
  std::string text;
  std::vector<std::string> topics;           // all must hold
  std::vector<std::uint32_t> organisations;  // any may hold
  std::vector<OpeningType> openings;         // any may hold
  std::vector<std::string> formats;
  std::vector<std::string> frequencies;
  std::vector<std::string> tags;
  SortBy sort{SortBy::relevance};
  std::uint64_t offset{0};
  std::uint32_t limit{20};  // at most kPageMax; 0: only total and facets
  bool facets{true};
};

struct FacetValue {
  std::string value;
  std::uint64_t count{0};
};
struct Facet {
  std::string name;                // topic, organisation, opening_type, format, frequency, tag
  std::vector<FacetValue> values;  // most frequent first, at most kFacetValuesMax
};
inline constexpr std::size_t kFacetValuesMax = 50;
/// Up to so many matches everything is exact. Beyond, relevance tells titles from the rest only,
/// and facets look at the newest so many matches.
inline constexpr std::uint32_t kExactMax = 1'000;

struct SearchResult {
  std::uint64_t total{0};
  bool facets_are_exact{true};
  std::vector<Dataset> items;
  std::vector<Facet> facets;
};

/// @errors err::bad_query (a filter value no entry can have, a page too large), io's
[[nodiscard]] Result<SearchResult> search(io::SqlConnection& sql, const DatasetQuery& query);
[[nodiscard]] Result<std::optional<Dataset>> dataset(io::SqlConnection& sql, const ItemId& id);
/// How entries are opened, those of `ids` that were ever published, in one statement.
[[nodiscard]] Result<std::vector<std::pair<ItemId, OpeningType>>> openings(
    io::SqlConnection& sql, std::span<const ItemId> ids);
/// Ids of listed entries in order, from `offset` on.
[[nodiscard]] Result<std::vector<ItemId>> listed_ids(io::SqlConnection& sql, std::uint64_t offset,
                                                     std::uint64_t max);
/// What an entry's document says, with the files that it names: for drafts, which the catalogue
/// does not list.
Dataset dataset_of_entry(std::string_view document);
/// Every value of a facet with its count, by value from `offset` on.
[[nodiscard]] Result<std::vector<FacetValue>> facet_values(io::SqlConnection& sql,
                                                           std::string_view facet,
                                                           std::uint64_t offset, std::uint32_t max);
/// Resources of listed entries; what is empty does not filter.
struct ResourceQuery {
  std::string name;  // part of a name in either language, in any case of ASCII letters
  std::string format;
  Hash digest;
  std::uint64_t offset{0};
  std::uint32_t limit{20};  // at most kPageMax
};
struct ResourcesFound {
  std::uint64_t total{0};
  std::vector<Resource> items;
};
[[nodiscard]] Result<ResourcesFound> find_resources(io::SqlConnection& sql,
                                                    const ResourceQuery& query);
/// Datasets in order of number from `after` on, for catalogues and harvesters: true keyset paging.
[[nodiscard]] Result<std::vector<Dataset>> datasets_after(io::SqlConnection& sql,
                                                          std::uint64_t after, std::uint32_t max);
[[nodiscard]] Result<std::uint64_t> dataset_count(io::SqlConnection& sql);
/// Every version of a dataset's description and of its resources, newest first.
struct VersionRow {
  std::uint32_t version{0};
  std::uint64_t time{0};
  ItemId item;  // the entry or one of its resources
  Hash document;
  Hash digest;  // of a resource's bytes
};
[[nodiscard]] Result<std::vector<VersionRow>> versions(io::SqlConnection& sql, const ItemId& entry);
/// Every resource that has, or had, these bytes, once each: several datasets may hold the same
/// file. Those that their entries show come first, newest first; at most kPageMax.
[[nodiscard]] Result<std::vector<Resource>> resources_by_digest(io::SqlConnection& sql,
                                                                const Hash& digest);
/// Whether one of them belongs to this entry and is shown by it.
[[nodiscard]] Result<bool> publishes(io::SqlConnection& sql, const ItemId& entry,
                                     const Hash& digest);
/// Downloads are counted beside the projection: they are no events and not in its digest.
[[nodiscard]] Result<void> count_download(io::SqlConnection& sql, const ItemId& entry,
                                          std::uint64_t by = 1);

std::string_view name_of(OpeningType type) noexcept;
std::optional<OpeningType> opening_type(std::string_view name) noexcept;

}  // namespace wusong::portal
