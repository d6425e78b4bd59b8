// SPDX-License-Identifier: Apache-2.0
// What an upload may be called and how it grows, wherever blobs are kept.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "wusong/base/error.hpp"
#include "wusong/io/blob_store.hpp"

namespace wusong::stores::internal {

inline bool is_upload_name(std::string_view name) noexcept {
  return name.size() == 32 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

struct Piece {
  std::uint64_t offset{0};
  std::uint64_t size{0};
  std::uint64_t upload_size{0};  // before it
  std::uint64_t upload_size_max{0};
};
/// @errors io::err::upload_offset  it does not begin where the upload ends
///         io::err::blob_too_large
[[nodiscard]] inline Result<void> check_piece(const Piece& piece) {
  if (piece.offset != piece.upload_size) return fail(io::err::upload_offset);
  if (piece.size > piece.upload_size_max - std::min(piece.offset, piece.upload_size_max))
    return fail(io::err::blob_too_large);
  return {};
}

}  // namespace wusong::stores::internal
