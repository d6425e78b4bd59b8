// SPDX-License-Identifier: Apache-2.0
#include "wusong/operate/compression.hpp"

#include <zstd.h>

#include "wusong/operate/errors.hpp"

namespace wusong::operate {
namespace {

constexpr int kLevel = 3;  // beyond it time doubles for a few percent

}  // namespace

std::optional<Bytes> compress(BytesView bytes) {
  Bytes out(ZSTD_compressBound(bytes.size()));
  const std::size_t size =
      ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), kLevel);
  if (ZSTD_isError(size) != 0 || size >= bytes.size()) return std::nullopt;
  out.resize(size);
  return out;
}

Result<Bytes> expand(BytesView compressed, std::size_t size_max) {
  const auto size = ZSTD_getFrameContentSize(compressed.data(), compressed.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > size_max)
    return fail(err::bad_compression);
  Bytes out(static_cast<std::size_t>(size));
  const std::size_t written =
      ZSTD_decompress(out.data(), out.size(), compressed.data(), compressed.size());
  if (ZSTD_isError(written) != 0 || written != out.size()) return fail(err::bad_compression);
  return out;
}

}  // namespace wusong::operate
