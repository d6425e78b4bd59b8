// SPDX-License-Identifier: Apache-2.0
// Every table that can be built again from the contracts' events and the documents they name.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/io/sql.hpp"
#include "wusong/portal/act.hpp"
#include "wusong/portal/item.hpp"
#include "wusong/portal/rules.hpp"

namespace wusong::portal {

inline constexpr std::int64_t kSchemaVersion = 2;

/// Documents by digest. Missing ones are no error: they are recorded and filled in later.
class DocumentSource {
 public:
  virtual ~DocumentSource() = default;
  /// The canonical text, or nothing where it has not arrived.
  [[nodiscard]] virtual Result<std::optional<std::string>> document(const Hash& digest) = 0;
};

struct PlacedEvent {
  std::uint32_t log_index{0};  // in the block
  Hash transaction;
  Event event;
};
/// A finalised block's events in order; blocks without any may be left out.
struct BlockEvents {
  std::uint64_t number{0};
  std::uint64_t time{0};  // seconds
  std::vector<PlacedEvent> events;
};

/// The next block to apply.
struct Cursor {
  std::uint64_t next_block{0};
  std::uint64_t events{0};  // applied so far
};

/// Applies events and documents to one database. The cursor is stored in the same transaction, so a
/// crash neither loses nor doubles an event.
/// @thread one owner; readers use other connections
class Projection {
 public:
  /// Borrows all three, which outlive it.
  Projection(io::SqlConnection& sql, const RuleBook& rules, DocumentSource& documents);
  Projection(Projection&&) noexcept;
  ~Projection();

  /// Creates the tables where there are none.
  /// @errors err::wrong_schema: tables of another version; drop the database and build it again
  [[nodiscard]] Result<void> open();
  [[nodiscard]] Result<Cursor> cursor();

  /// Applies blocks in one transaction and moves the cursor behind the last one, or behind
  /// `through` where that is later (blocks without events).
  /// @errors err::block_out_of_order, err::unknown_pack (an act under a pack not given: nothing of
  ///         these blocks is applied), io's
  [[nodiscard]] Result<void> apply(std::span<const BlockEvents> blocks, std::uint64_t through = 0);

  /// A document has arrived: everything that waited for it is filled in. No-op for others.
  [[nodiscard]] Result<void> document_arrived(const Hash& digest);
  /// Digests that events name and the source did not have, oldest first.
  [[nodiscard]] Result<std::vector<Hash>> missing_documents(std::uint64_t max);

  /// SHA-256 of each derived table's rows in order of their key, the same on every database.
  [[nodiscard]] Result<std::vector<std::pair<std::string, Hash>>> table_digests();
  /// SHA-256 over those: equal after a rebuild.
  [[nodiscard]] Result<Hash> projection_digest();

 private:
  class Writer;
  std::unique_ptr<Writer> writer_;
};

/// One act in an item's history.
struct HistoryRow {
  std::uint32_t sequence{0};
  std::uint64_t block{0};
  std::uint32_t log_index{0};
  std::uint64_t time{0};
  Hash transaction;
  Acted act;
};

struct ItemRow {
  ItemId id;
  Item item;
  std::uint64_t created{0};  // seconds
  std::uint64_t updated{0};
  Hash content;  // the last document of the workflow's own kind; zero: none yet
  Text title;    // of the content, where it has one
};

struct ItemFilter {
  std::optional<std::uint8_t> workflow;
  std::optional<std::uint8_t> state;
  std::optional<std::uint32_t> organisation;
  std::optional<Address> creator;
  std::optional<Address> concerned;  // creator or party
  std::optional<ItemId> subject;
  std::optional<std::uint64_t> overdue_at;  // deadline passed at this moment
  std::uint64_t offset{0};
  std::uint32_t limit{20};  // at most kPageMax
};
inline constexpr std::uint32_t kPageMax = 1000;

/// Reads what a projection has written, over any connection to the same database.
/// @thread as its connection
class ProjectionReader {
 public:
  explicit ProjectionReader(io::SqlConnection& sql) : sql_{&sql} {}

  [[nodiscard]] Result<Cursor> cursor();
  [[nodiscard]] Result<std::optional<ItemRow>> item(const ItemId& id);
  /// Those of `ids` that exist, in one statement; in no order.
  [[nodiscard]] Result<std::vector<ItemRow>> items_of(std::span<const ItemId> ids);
  [[nodiscard]] Result<std::vector<HistoryRow>> history(const ItemId& id);
  /// Acts before a place in the chain, newest first: of one item, or of all where it is zero.
  struct ActsBefore {
    std::uint64_t block{0};
    std::uint64_t log_index{0};
    ItemId item{};
    std::uint64_t limit{50};
  };
  /// @cost the index alone: independent of length
  [[nodiscard]] Result<std::vector<HistoryRow>> acts_before(const ActsBefore& query);
  struct ItemPage {
    std::uint64_t total{0};
    std::vector<ItemRow> items;
  };
  [[nodiscard]] Result<ItemPage> items(const ItemFilter& filter);
  [[nodiscard]] Result<std::optional<Actor>> actor(const Address& who);
  struct AddressedActor {
    Address address;
    Actor actor;
  };
  /// Those of `addresses` that the directory knows, in one statement; in no order.
  [[nodiscard]] Result<std::vector<AddressedActor>> actors_at(std::span<const Address> addresses);
  [[nodiscard]] Result<std::optional<Organisation>> organisation(std::uint32_t id);
  struct NamedOrganisation {
    std::uint32_t id{0};
    Organisation organisation;
    Text title;
  };
  [[nodiscard]] Result<std::vector<NamedOrganisation>> organisations();
  /// Those of one organisation, or of organisations at all with 0; by organisation and address.
  [[nodiscard]] Result<std::vector<AddressedActor>> actors_of(std::uint32_t organisation,
                                                              std::uint64_t offset,
                                                              std::uint32_t limit);
  /// Whether an item shows the document that an act of it names: a public kind always, another only
  /// where no other item named it earlier. What is no document of any kind is never shown.
  [[nodiscard]] Result<bool> may_show(const ItemId& item, const Hash& digest,
                                      std::string_view text);
  /// What the twin needs to judge an act by `sender`.
  [[nodiscard]] Result<Facts> facts(const Act& act, const Address& sender);
  [[nodiscard]] Result<Calendar> calendar();
  /// Rights on a dataset: those of one holder or of the organisation they act for, or all.
  [[nodiscard]] Result<std::vector<struct Right>> rights(const ItemId& entry);
  [[nodiscard]] Result<std::vector<struct Right>> rights(const ItemId& entry, const Address& holder,
                                                         std::uint32_t organisation);
  /// Counts by workflow and state.
  struct StateCount {
    std::uint8_t workflow{0};
    std::uint8_t state{0};
    std::uint64_t count{0};
  };
  [[nodiscard]] Result<std::vector<StateCount>> state_counts();
  /// Open items whose deadline is at or before `until`, soonest first.
  [[nodiscard]] Result<std::vector<ItemRow>> due(std::uint64_t until, std::uint32_t max);

 private:
  io::SqlConnection* sql_;
};

}  // namespace wusong::portal
