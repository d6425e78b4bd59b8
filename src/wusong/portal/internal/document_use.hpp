// SPDX-License-Identifier: Apache-2.0
// Whose a document is: anybody can write a digest into an act, and digests are public.
#pragma once

#include <optional>
#include <string_view>

#include "wusong/base/bytes.hpp"
#include "wusong/io/sql.hpp"
#include "wusong/portal/act.hpp"

namespace wusong::portal::internal {

/// Whether an item shows the document that an act of it names: a public kind always, another only
/// where no other item named it earlier. What is no document of any kind is never shown.
/// `waiting`: who named it first among acts that are not in the tables yet.
/// @errors io's
[[nodiscard]] Result<bool> may_show(io::SqlConnection& sql, const ItemId& item, const Hash& digest,
                                    std::string_view text,
                                    const std::optional<ItemId>& waiting = {});

}  // namespace wusong::portal::internal
