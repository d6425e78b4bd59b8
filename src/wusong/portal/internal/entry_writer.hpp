// SPDX-License-Identifier: Apache-2.0
// Writes entries, their resources and versions, and what search and facets know of them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "wusong/codec/json.hpp"
#include "wusong/io/sql.hpp"
#include "wusong/portal/internal/bulk_insert.hpp"
#include "wusong/portal/internal/item_rows.hpp"
#include "wusong/portal/internal/postings.hpp"
#include "wusong/portal/internal/projection_schema.hpp"
#include "wusong/portal/item.hpp"
#include "wusong/portal/projection.hpp"

namespace wusong::portal::internal {

/// An event's place among all events, and its block's time.
struct Moment {
  std::uint64_t ordinal{0};
  std::uint64_t time{0};
};

/// All calls are made inside one transaction, between clear() and flush().
class EntryWriter {
 public:
  explicit EntryWriter(io::SqlConnection& sql);

  void clear();
  void expect_none(const ItemId& entry);
  /// The same of a resource.
  void expect_no_resource(const ItemId& resource);
  /// Reads many entries that will be asked for.
  [[nodiscard]] Result<void> load(std::span<const ItemId> entries);
  /// Reads many resources, each of which an event will change.
  [[nodiscard]] Result<void> load_resources(std::span<const ItemId> resources);
  /// Lists anew what changed and writes everything.
  [[nodiscard]] Result<void> flush(DocumentSource& documents, ItemRows& items);

  /// An entry was published: `document` is the version that the public gets.
  [[nodiscard]] Result<void> published(const Acted& event, const Hash& document,
                                       const Moment& moment);
  /// Something that the public sees of an entry changed; no-op for entries never published.
  [[nodiscard]] Result<void> touch(const ItemId& entry, const Moment& moment);
  /// Before the end, listing, search and facets are brought in line with the states and documents
  /// there are then.
  [[nodiscard]] Result<void> relist(const Meaning& means, const ItemId& entry);

  /// `text` is the document's, where it is there.
  [[nodiscard]] Result<void> resource(const Acted& event, const Hash& document, bool is_public,
                                      const Moment& moment, const std::optional<std::string>& text);
  /// The text of a resource's document has arrived.
  [[nodiscard]] Result<void> fill_resource(const ItemId& item, const Hash& document,
                                           const std::string& text);

 private:
  struct Entry;
  struct ResourceRow;
  struct Listing;
  [[nodiscard]] Result<Entry*> find(const ItemId& entry);
  [[nodiscard]] Result<ResourceRow*> find_resource(const ItemId& item);
  [[nodiscard]] Result<void> list_anew(const ItemId& id, Entry& entry, DocumentSource& documents,
                                       ItemRows& items);
  [[nodiscard]] Result<void> index(const Listing& listing, std::uint64_t number, bool is_there);
  [[nodiscard]] Result<void> write_facet_counts();

  io::SqlConnection* sql_;
  BulkInsert entry_rows_;
  BulkInsert version_rows_;
  BulkInsert resource_rows_;
  BulkInsert text_rows_;
  BulkInsert facet_rows_;
  PostingsWriter postings_;
  std::map<std::pair<std::string, std::string>, std::int64_t> facet_changes_;
  std::map<ItemId, Entry> entries_;
  std::map<ItemId, ResourceRow> resources_;
};

struct EntryWriter::Entry {
  bool exists{false};
  const Meaning* means{nullptr};  // to be listed anew
  std::uint64_t number{0};
  std::uint64_t indexed{0};  // the number that search knows it by; 0: it does not
  std::uint64_t organisation{0};
  std::uint64_t version{0};
  std::uint64_t published{0};
  std::uint64_t updated{0};
  Hash document;
  std::string facets;  // of what is indexed
  std::string body;
};

struct EntryWriter::ResourceRow {
  bool exists{false};
  bool listed{false};
  ItemId entry;
  std::uint64_t version{0};
  std::uint64_t updated{0};
  Hash document;
  std::string digest, format, media_type;
  std::uint64_t size{0};
  std::uint64_t rows{0};
  std::string body;
  /// False where it is no document.
  bool fill(const std::string& text);
};

}  // namespace wusong::portal::internal
