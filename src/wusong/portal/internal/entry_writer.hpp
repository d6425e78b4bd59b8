// SPDX-License-Identifier: Apache-2.0
// Writes entries, their resources and versions, and what search and facets know of them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "wusong/codec/json.hpp"
#include "wusong/io/sql.hpp"
#include "wusong/portal/internal/projection_schema.hpp"
#include "wusong/portal/item.hpp"
#include "wusong/portal/projection.hpp"

namespace wusong::portal::internal {

/// An event's place among all events, and its block's time.
struct Moment {
  std::uint64_t ordinal{0};
  std::uint64_t time{0};
};

/// All calls are made inside one transaction, between begin() and flush().
class EntryWriter {
 public:
  explicit EntryWriter(io::SqlConnection& sql) : sql_{&sql} {}

  void begin() {
    facet_changes_.clear();
    dirty_.clear();
  }
  /// Lists anew what changed and writes the facet counters, once for each transaction.
  [[nodiscard]] Result<void> flush(DocumentSource& documents);

  /// An entry was published: `document` is the version that the public gets.
  [[nodiscard]] Result<void> published(const Acted& event, const Hash& document,
                                       const Moment& moment);
  /// Something that the public sees of an entry changed; no-op for entries never published.
  [[nodiscard]] Result<void> touch(const ItemId& entry, const Moment& moment);
  /// Before the end, listing, search and facets are brought in line with the states and documents
  /// there are then.
  void relist(const Meaning& means, const ItemId& entry) { dirty_[entry] = &means; }

  [[nodiscard]] Result<void> resource(const Acted& event, const Hash& document, bool is_public,
                                      const Moment& moment);
  [[nodiscard]] Result<void> fill_resource(const ItemId& item, const Hash& document,
                                           const std::string& text);

 private:
  struct Listing;
  [[nodiscard]] Result<void> list_anew(const Meaning& means, const ItemId& entry,
                                       DocumentSource& documents);
  [[nodiscard]] Result<void> remove(std::uint64_t number, const std::string& facets);
  [[nodiscard]] Result<void> add(const Listing& listing);
  void count_facets(const std::string& facets, std::int64_t by);

  io::SqlConnection* sql_;
  std::map<std::pair<std::string, std::string>, std::int64_t> facet_changes_;
  std::map<ItemId, const Meaning*> dirty_;
};

}  // namespace wusong::portal::internal
