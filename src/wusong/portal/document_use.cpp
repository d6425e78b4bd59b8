// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/internal/document_use.hpp"

#include "wusong/codec/json.hpp"
#include "wusong/portal/documents.hpp"
#include "wusong/portal/internal/sql_row.hpp"

namespace wusong::portal::internal {

Result<bool> may_show(io::SqlConnection& sql, const ItemId& item, const Hash& digest,
                      std::string_view text, const std::optional<ItemId>& waiting) {
  const auto document = codec::JsonDocument::parse(text);
  if (!document) return false;
  const DocumentKind* kind = document_kind(document->root().string_at("kind").value_or(""));
  if (kind == nullptr) return false;
  if (kind->is_public) return true;
  WUSONG_TRY(const auto rows, sql.query("SELECT item FROM history WHERE document = $1 AND "
                                        "document <> '' ORDER BY block, log_index LIMIT 1",
                                        Parameters{hex(digest)}));
  if (rows.rows.empty()) return waiting == item;
  return RowReader{rows.rows[0]}.text() == codec::to_hex(item);
}

}  // namespace wusong::portal::internal
