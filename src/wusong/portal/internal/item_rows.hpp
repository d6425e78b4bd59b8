// SPDX-License-Identifier: Apache-2.0
// The items that one transaction touches: read once, changed in memory, written at its end.
#pragma once

#include <map>
#include <span>

#include "wusong/io/sql.hpp"
#include "wusong/portal/internal/bulk_insert.hpp"
#include "wusong/portal/projection.hpp"

namespace wusong::portal::internal {

/// The columns of `items` in the order of read_item().
std::string_view item_columns() noexcept;
[[nodiscard]] Result<ItemRow> read_item(const Row& row);

class ItemRows {
 public:
  explicit ItemRows(io::SqlConnection& sql);

  void clear();
  /// An item that comes into being only now need not be looked for.
  void expect_none(const ItemId& id) { held_.try_emplace(id); }
  /// Reads many that will be asked for.
  [[nodiscard]] Result<void> load(std::span<const ItemId> ids);
  /// Null where there is none. Stays where it is until clear().
  [[nodiscard]] Result<const ItemRow*> find(const ItemId& id);
  /// What an act makes of its item; `title` is its document's, where that became the item's.
  [[nodiscard]] Result<const ItemRow*> apply(const Acted& event, std::uint64_t time,
                                             const Text& title);
  /// Writes what changed, so that statements see it.
  [[nodiscard]] Result<void> flush();

 private:
  struct Held {
    bool exists{false};
    bool changed{false};
    ItemRow row;
  };
  io::SqlConnection* sql_;
  BulkInsert rows_;
  std::map<ItemId, Held> held_;
};

}  // namespace wusong::portal::internal
