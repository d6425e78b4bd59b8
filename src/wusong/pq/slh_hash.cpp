// SPDX-License-Identifier: Apache-2.0
#include "wusong/pq/internal/slh_hash.hpp"

#include "wusong/hash/hash.hpp"
#include "wusong/pq/internal/secret.hpp"
#include "wusong/pq/internal/shake_lanes.hpp"

namespace wusong::pq {

const SlhDsaShape& shape_of(SlhDsa set) noexcept {
  return internal::parameters_of(set).shape;
}

namespace internal {
namespace {

using enum SlhFamily;
/// @source docs/crypto/hash_based_parameters.py, "chosen"
constexpr SlhCompression kCompact{.digits = 25, .sum = 467, .zero_bits = 3, .fors_zero_bits = 12};
constexpr SlhParameters kParameters[kSlhDsaSets] = {
    {SlhDsa::sha2_128s, sha2, {"SLH-DSA-SHA2-128s", 16, 7856}, 63, 7, 12, 14},
    {SlhDsa::sha2_128f, sha2, {"SLH-DSA-SHA2-128f", 16, 17088}, 66, 22, 6, 33},
    {SlhDsa::sha2_192s, sha2, {"SLH-DSA-SHA2-192s", 24, 16224}, 63, 7, 14, 17},
    {SlhDsa::sha2_192f, sha2, {"SLH-DSA-SHA2-192f", 24, 35664}, 66, 22, 8, 33},
    {SlhDsa::sha2_256s, sha2, {"SLH-DSA-SHA2-256s", 32, 29792}, 64, 8, 14, 22},
    {SlhDsa::sha2_256f, sha2, {"SLH-DSA-SHA2-256f", 32, 49856}, 68, 17, 9, 35},
    {SlhDsa::shake_128s, shake, {"SLH-DSA-SHAKE-128s", 16, 7856}, 63, 7, 12, 14},
    {SlhDsa::shake_128f, shake, {"SLH-DSA-SHAKE-128f", 16, 17088}, 66, 22, 6, 33},
    {SlhDsa::shake_192s, shake, {"SLH-DSA-SHAKE-192s", 24, 16224}, 63, 7, 14, 17},
    {SlhDsa::shake_192f, shake, {"SLH-DSA-SHAKE-192f", 24, 35664}, 66, 22, 8, 33},
    {SlhDsa::shake_256s, shake, {"SLH-DSA-SHAKE-256s", 32, 29792}, 64, 8, 14, 22},
    {SlhDsa::shake_256f, shake, {"SLH-DSA-SHAKE-256f", 32, 49856}, 68, 17, 9, 35},
    {SlhDsa::sm3_128s, sm3, {"WUSONG-SLH-SM3-128s", 16, 7856}, 63, 7, 12, 14},
    {SlhDsa::sm3_128f, sm3, {"WUSONG-SLH-SM3-128f", 16, 17088}, 66, 22, 6, 33},
    {SlhDsa::compact_sha2,
     sha2,
     {"WUSONG-SLH-COMPACT-SHA2-128s", 16, 6763},
     64,
     8,
     12,
     12,
     5,
     kCompact},
    {SlhDsa::compact_shake,
     shake,
     {"WUSONG-SLH-COMPACT-SHAKE-128s", 16, 6763},
     64,
     8,
     12,
     12,
     5,
     kCompact},
    {SlhDsa::compact_sm3,
     sm3,
     {"WUSONG-SLH-COMPACT-SM3-128s", 16, 6763},
     64,
     8,
     12,
     12,
     5,
     kCompact}};

constexpr std::size_t kSha256Block = 64;
constexpr std::size_t kSha512Block = 128;
constexpr std::size_t kShortAddress = 22;
constexpr std::size_t kInputMax = kSlhDigitsMax * kSlhHashMax;
/// Inputs laid out at a time: as many as the widest vectors have lanes.
constexpr std::size_t kChunk = 16;

/// The state after one block that starts with the seed.
template <typename Word, typename Compress>
std::array<Word, 8> after_seed(const std::array<Word, 8>& start, BytesView seed,
                               Compress compress) noexcept {
  std::uint8_t block[16 * sizeof(Word)]{};
  std::memcpy(block, seed.data(), seed.size());
  std::array<Word, 8> out;
  compress(start.data(), block, 1, 1, reinterpret_cast<std::uint8_t*>(out.data()));
  for (Word& word : out) word = std::byteswap(word);
  return out;
}

void put_short_address(std::uint8_t* out, const SlhAddress& address,
                       std::uint8_t first_type) noexcept {
  const auto& bytes = address.bytes;
  out[0] = bytes[3];
  std::memcpy(out + 1, bytes.data() + 8, 8);
  out[9] = static_cast<std::uint8_t>(bytes[19] + first_type);
  std::memcpy(out + 10, bytes.data() + 20, 12);
}

/// What the SHA-2 sets build of a hash function with blocks of kBlock bytes.
template <std::size_t kBlock, auto hash>
struct MerkleDamgard {
  static Bytes of(std::initializer_list<BytesView> parts) {
    Bytes all;
    for (const BytesView part : parts) append(all, part);
    const auto digest = hash(BytesView{all});
    sodium_memzero(all.data(), all.size());
    return {std::begin(digest), std::end(digest)};
  }
  /// @source FIPS 198-1; keys here are shorter than a block
  static Bytes hmac(BytesView key, BytesView first, BytesView second) {
    Wiped<std::array<std::uint8_t, kBlock>> pad;
    const auto set_pad = [&](std::uint8_t byte) {
      pad->fill(byte);
      for (std::size_t i = 0; i < key.size(); ++i) (*pad)[i] ^= key[i];
    };
    set_pad(0x36);
    const Bytes inner = of({*pad, first, second});
    set_pad(0x5c);
    return of({*pad, inner});
  }
  /// @source RFC 8017, appendix B.2.1
  static Bytes mask(BytesView first, BytesView second, BytesView third, std::size_t size) {
    Bytes out;
    for (std::uint8_t counter = 0; out.size() < size; ++counter) {
      const std::uint8_t suffix[] = {0, 0, 0, counter};
      append(out, of({first, second, third, suffix}));
    }
    out.resize(size);
    return out;
  }
  static Bytes message_digest(BytesView randomizer, BytesView seed, BytesView root,
                              BytesView message, std::size_t size) {
    return mask(randomizer, seed, of({randomizer, seed, root, message}), size);
  }
};
Bytes to_vector(const Hash& hash) {
  return to_bytes(hash);
}
Bytes sha256_bytes(BytesView data) {
  return to_vector(hash::sha256(data));
}
Bytes sha512_bytes(BytesView data) {
  return to_bytes(hash::sha512(data));
}
Bytes sm3_bytes(BytesView data) {
  return to_vector(hash::sm3(data));
}
using OverSha256 = MerkleDamgard<kSha256Block, sha256_bytes>;
using OverSha512 = MerkleDamgard<kSha512Block, sha512_bytes>;
using OverSm3 = MerkleDamgard<64, sm3_bytes>;

}  // namespace

const SlhParameters& parameters_of(SlhDsa set) noexcept {
  return kParameters[static_cast<std::size_t>(set)];
}

SlhHash::SlhHash(const SlhParameters& p, BytesView seed, const Provider& provider) noexcept
    : parameters_{&p}, provider_{&provider} {
  std::memcpy(seed_.data(), seed.data(), p.n());
  if (p.family == sha2) {
    start256_ = after_seed(hash::kSha256Start, seed, provider.sha2->sha256);
    start512_ = after_seed(hash::kSha512Start, seed, provider.sha2->sha512);
  }
}

void SlhHash::many(std::size_t count, const SlhAddress* addresses, const std::uint8_t* in,
                   std::size_t stride, std::size_t size, std::uint8_t* out) const noexcept {
  in_chunks(count, addresses, in, stride, size, out, parameters_->n());
}

void SlhHash::many_whole(std::size_t count, const SlhAddress* addresses, const std::uint8_t* in,
                         std::size_t stride, std::size_t size, Hash* out) const noexcept {
  WUSONG_ASSERT(parameters_->n() == 16);
  in_chunks(count, addresses, in, stride, size, reinterpret_cast<std::uint8_t*>(out), sizeof(Hash));
}

void SlhHash::in_chunks(std::size_t count, const SlhAddress* addresses, const std::uint8_t* in,
                        std::size_t stride, std::size_t size, std::uint8_t* out,
                        std::size_t width) const noexcept {
  const std::size_t chunk = parameters_->family == shake ? kLanesMax : kChunk;
  for (std::size_t done = 0; done < count; done += chunk) {
    const std::size_t some = std::min(chunk, count - done);
    const auto* const from = in + done * stride;
    auto* const to = out + done * width;
    switch (parameters_->family) {
      case sha2:
        many_sha2(some, addresses + done, from, stride, size, to, width);
        break;
      case shake:
        many_shake(some, addresses + done, from, stride, size, to, width);
        break;
      case sm3:
        many_sm3(some, addresses + done, from, stride, size, to, width);
        break;
    }
  }
}

void SlhHash::many_sha2(std::size_t count, const SlhAddress* addresses, const std::uint8_t* in,
                        std::size_t stride, std::size_t size, std::uint8_t* out,
                        std::size_t width) const noexcept {
  const std::size_t n = parameters_->n();
  // From category 3 on, all but F and PRF are SHA-512.
  const bool is_wide = n > 16 && size > n;
  const std::size_t block = is_wide ? kSha512Block : kSha256Block;
  const std::size_t length_field = is_wide ? 16 : 8;
  const std::size_t used = kShortAddress + size;
  const std::size_t blocks = (used + 1 + length_field + block - 1) / block;
  std::uint8_t messages[kChunk * (kInputMax + 2 * kSha512Block)];
  const std::uint64_t bits = std::byteswap(std::uint64_t{8 * (block + used)});
  for (std::size_t i = 0; i < count; ++i) {
    std::uint8_t* const message = messages + i * blocks * block;
    put_short_address(message, addresses[i], parameters_->first_type());
    std::memcpy(message + kShortAddress, in + i * stride, size);
    std::memset(message + used, 0, blocks * block - used);
    message[used] = 0x80;
    std::memcpy(message + blocks * block - 8, &bits, 8);
  }
  std::uint8_t digests[kChunk * 64];
  if (is_wide) {
    provider_->sha2->sha512(start512_.data(), messages, blocks, count, digests);
  } else {
    provider_->sha2->sha256(start256_.data(), messages, blocks, count, digests);
  }
  const std::size_t digest = is_wide ? 64 : 32;
  for (std::size_t i = 0; i < count; ++i) std::memcpy(out + i * width, digests + i * digest, width);
  sodium_memzero(messages, count * blocks * block);
  sodium_memzero(digests, count * digest);
}

void SlhHash::many_shake(std::size_t count, const SlhAddress* addresses, const std::uint8_t* in,
                         std::size_t stride, std::size_t size, std::uint8_t* out,
                         std::size_t width) const noexcept {
  const std::size_t n = parameters_->n();
  const std::size_t length = n + sizeof(SlhAddress) + size;
  std::uint8_t messages[kLanesMax * (kSlhHashMax + sizeof(SlhAddress) + kInputMax)];
  BytesView views[kLanesMax];
  for (std::size_t i = 0; i < count; ++i) {
    std::uint8_t* const message = messages + i * length;
    std::memcpy(message, seed_.data(), n);
    std::memcpy(message + n, &addresses[i], sizeof(SlhAddress));
    message[n + 19] = static_cast<std::uint8_t>(message[n + 19] + parameters_->first_type());
    std::memcpy(message + n + sizeof(SlhAddress), in + i * stride, size);
    views[i] = {message, length};
  }
  ShakeLanes<Shake256::kRate> streams{*provider_->keccak, std::span{views, count}};
  streams.squeeze_start(out, width, width);
  sodium_memzero(messages, count * length);
}

void SlhHash::many_sm3(std::size_t count, const SlhAddress* addresses, const std::uint8_t* in,
                       std::size_t stride, std::size_t size, std::uint8_t* out,
                       std::size_t width) const noexcept {
  const std::size_t n = parameters_->n();
  constexpr std::size_t kBlock = 64;
  const std::size_t length = kBlock + kShortAddress + size;
  std::uint8_t messages[kChunk * (kBlock + kShortAddress + kInputMax)];
  BytesView views[kChunk];
  for (std::size_t i = 0; i < count; ++i) {
    std::uint8_t* const message = messages + i * length;
    std::memset(message, 0, kBlock);
    std::memcpy(message, seed_.data(), n);
    put_short_address(message + kBlock, addresses[i], parameters_->first_type());
    std::memcpy(message + kBlock + kShortAddress, in + i * stride, size);
    views[i] = {message, length};
  }
  Hash digests[kChunk];
  hash::sm3_batch(std::span{views, count}, std::span{digests, count});
  for (std::size_t i = 0; i < count; ++i) std::memcpy(out + i * width, digests[i].data(), width);
  sodium_memzero(messages, count * length);
  sodium_memzero(digests, sizeof(digests));
}

void SlhHash::randomizer(std::uint8_t* out, BytesView secret, BytesView randomness,
                         BytesView message) const {
  const std::size_t n = parameters_->n();
  if (parameters_->family == shake) {
    Shake256{secret, randomness, message}.squeeze({out, n});
    return;
  }
  const Bytes all = parameters_->family == sm3 ? OverSm3::hmac(secret, randomness, message)
                    : n == 16                  ? OverSha256::hmac(secret, randomness, message)
                                               : OverSha512::hmac(secret, randomness, message);
  std::memcpy(out, all.data(), n);
}

Hash SlhHash::message_hash(BytesView randomizer, BytesView root, BytesView message) const {
  const BytesView seed{seed_.data(), parameters_->n()};
  Hash out;
  if (parameters_->family == shake) {
    Shake256{randomizer, seed, root, message}.squeeze({out.data(), out.size()});
    return out;
  }
  const Bytes all = parameters_->family == sm3 ? OverSm3::of({randomizer, seed, root, message})
                                               : OverSha256::of({randomizer, seed, root, message});
  std::memcpy(out.data(), all.data(), out.size());
  return out;
}

Bytes SlhHash::digest(BytesView randomizer, BytesView root, BytesView message) const {
  const auto& p = *parameters_;
  const std::size_t size = p.fors_digest() + p.tree_digest() + p.leaf_digest();
  const BytesView seed{seed_.data(), p.n()};
  switch (p.family) {
    case shake: {
      Bytes out(size);
      Shake256{randomizer, seed, root, message}.squeeze(out);
      return out;
    }
    case sm3:
      return OverSm3::message_digest(randomizer, seed, root, message, size);
    case sha2:
      break;
  }
  return p.n() == 16 ? OverSha256::message_digest(randomizer, seed, root, message, size)
                     : OverSha512::message_digest(randomizer, seed, root, message, size);
}

}  // namespace internal
}  // namespace wusong::pq
