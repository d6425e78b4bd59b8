// SPDX-License-Identifier: Apache-2.0
#include "wusong/hash/hmac.hpp"

#include <string.h>  // NOLINT: explicit_bzero is glibc's, not C++'s

namespace wusong::hash {
namespace {

constexpr std::size_t kBlock = 64;

/// digest((key ^ pad) || message).
Hash padded(Digest digest, BytesView key, std::uint8_t pad,
            std::initializer_list<BytesView> message) {
  std::size_t size = kBlock;
  for (const BytesView part : message) size += part.size();
  Bytes whole(kBlock, pad);
  whole.reserve(size);  // never reallocated, so that no copy of the key stays behind
  for (std::size_t i = 0; i < key.size(); ++i) whole[i] ^= key[i];
  for (const BytesView part : message) append(whole, part);
  const SecretBytes kept{std::move(whole)};
  return digest(kept.view());
}

}  // namespace

Hash hmac(Digest digest, BytesView key, std::initializer_list<BytesView> message) {
  Hash shortened;
  if (key.size() > kBlock) {
    shortened = digest(key);
    key = shortened;
  }
  Hash inner = padded(digest, key, 0x36, message);
  const Hash out = padded(digest, key, 0x5c, {inner});
  explicit_bzero(&shortened, sizeof(shortened));
  explicit_bzero(&inner, sizeof(inner));
  return out;
}

SecretBytes hkdf_extract(Digest digest, BytesView salt, std::initializer_list<BytesView> secrets) {
  Hash key = hmac(digest, salt, secrets);
  SecretBytes out{to_bytes(key)};
  explicit_bzero(&key, sizeof(key));
  return out;
}

SecretBytes hkdf_expand(Digest digest, BytesView key, BytesView info, std::size_t size) {
  WUSONG_ASSERT(size <= 255 * Hash::kSize);
  Bytes out;
  out.reserve(size);
  Hash block;
  for (std::uint8_t count = 1; out.size() < size; ++count) {
    const BytesView before = count == 1 ? BytesView{} : block.view();
    block = hmac(digest, key, {before, info, {&count, 1}});
    append(out, block.view().first(std::min(size - out.size(), Hash::kSize)));
  }
  explicit_bzero(&block, sizeof(block));
  return SecretBytes{std::move(out)};
}

}  // namespace wusong::hash
