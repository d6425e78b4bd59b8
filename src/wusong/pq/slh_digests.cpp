// SPDX-License-Identifier: Apache-2.0
#include "wusong/pq/internal/slh_digests.hpp"

#include "wusong/pq/errors.hpp"

namespace wusong::pq::internal {
namespace {

/// Counters tried at a time.
constexpr std::size_t kAtOnce = 16;

void put_counter(std::uint8_t* out, std::uint32_t counter) noexcept {
  out[0] = static_cast<std::uint8_t>(counter >> 16);
  out[1] = static_cast<std::uint8_t>(counter >> 8);
  out[2] = static_cast<std::uint8_t>(counter);
}
std::uint32_t get_counter(const std::uint8_t* from) noexcept {
  return static_cast<std::uint32_t>(from[0]) << 16 | static_cast<std::uint32_t>(from[1]) << 8 |
         from[2];
}

SlhAddress address_of(const SlhAddress& where, SlhAddress::Type type, std::size_t leaf) noexcept {
  SlhAddress out = where;
  out.set_type(type);
  out.set_keypair(leaf);
  return out;
}

Hash digest_under(const SlhHash& hash, SlhAddress address, BytesView input,
                  std::uint32_t counter) noexcept {
  address.set_third(counter);
  Hash out;
  hash.many_whole(1, &address, input.data(), 0, input.size(), &out);
  return out;
}

/// Digits of n bytes, and of the sum that a forger would have to lower.
/// @source FIPS 205, algorithm 7, lines 1 to 7
SlhDigits digits_with_checksum(const SlhParameters& p, const std::uint8_t* node) noexcept {
  SlhDigits out{};
  unsigned sum = 0;
  for (std::size_t i = 0; i < 2 * p.n(); ++i) {
    out[i] = static_cast<std::uint8_t>(bits_at(node, 4 * i, 4));
    sum += p.chain_last() - out[i];
  }
  for (std::size_t i = 0; i < 3; ++i)
    out[2 * p.n() + i] = static_cast<std::uint8_t>((sum >> (8 - 4 * i)) & 15);
  return out;
}

bool has_digits(const SlhParameters& p, const Hash& digest) noexcept {
  return digits_in(p, digest).has_value();
}

}  // namespace

std::size_t bits_at(const std::uint8_t* from, std::size_t first, std::size_t count) noexcept {
  std::size_t out = 0;
  for (std::size_t at = first; at < first + count; ++at)
    out = out << 1 | ((from[at / 8] >> (7 - at % 8)) & 1u);
  return out;
}

std::optional<SlhDigits> digits_in(const SlhParameters& p, const Hash& digest) noexcept {
  // First, as seven of eight candidates end here.
  if (bits_at(digest.data(), p.digits() * p.lg_w, p.compact.zero_bits) != 0) return {};
  SlhDigits out{};
  unsigned sum = 0;
  for (std::size_t i = 0; i < p.digits(); ++i) {
    out[i] = static_cast<std::uint8_t>(bits_at(digest.data(), i * p.lg_w, p.lg_w));
    sum += out[i];
  }
  if (sum != p.compact.sum) return {};
  return out;
}

bool is_place(const SlhParameters& p, const Hash& digest) noexcept {
  const std::size_t used = p.fors_digest() + p.tree_digest() + p.leaf_digest();
  return bits_at(digest.data(), 8 * used, p.compact.fors_zero_bits) == 0;
}

std::optional<SlhCounted> find_counter(const SlhParameters& p, const SlhHash& hash,
                                       const SlhAddress& address, BytesView input,
                                       bool (*is_good)(const SlhParameters&, const Hash&) noexcept,
                                       std::uint32_t end) noexcept {
  std::array<SlhAddress, kAtOnce> addresses;
  addresses.fill(address);
  std::array<Hash, kAtOnce> digests;
  for (std::uint32_t first = 0; first < end; first += kAtOnce) {
    const std::size_t count = std::min<std::size_t>(kAtOnce, end - first);
    for (std::size_t i = 0; i < count; ++i) addresses[i].set_third(first + i);
    hash.many_whole(count, addresses.data(), input.data(), 0, input.size(), digests.data());
    for (std::size_t i = 0; i < count; ++i)
      if (is_good(p, digests[i]))
        return SlhCounted{first + static_cast<std::uint32_t>(i), digests[i]};
  }
  return {};
}

Result<SlhDigits> digits_to_sign(const SlhParameters& p, const SlhHash& hash,
                                 const SlhAddress& where, std::size_t leaf,
                                 const std::uint8_t* node, std::uint8_t* counter) noexcept {
  if (!p.is_compact()) return digits_with_checksum(p, node);
  const SlhAddress address = address_of(where, SlhAddress::wots_digest, leaf);
  const auto found = find_counter(p, hash, address, {node, p.n()}, has_digits);
  if (!found) return fail(err::signing_fault);
  put_counter(counter, found->counter);
  return *digits_in(p, found->digest);
}

Result<SlhDigits> digits_to_verify(const SlhParameters& p, const SlhHash& hash,
                                   const SlhAddress& where, std::size_t leaf,
                                   const std::uint8_t* node, const std::uint8_t* counter) noexcept {
  if (!p.is_compact()) return digits_with_checksum(p, node);
  const SlhAddress address = address_of(where, SlhAddress::wots_digest, leaf);
  const auto digits =
      digits_in(p, digest_under(hash, address, {node, p.n()}, get_counter(counter)));
  if (!digits) return fail(err::bad_signature);
  return *digits;
}

Result<Bytes> digest_to_sign(const SlhParameters& p, const SlhHash& hash, BytesView randomizer,
                             BytesView root, BytesView message, std::uint8_t* counter) {
  if (!p.is_compact()) return hash.digest(randomizer, root, message);
  const Hash inner = hash.message_hash(randomizer, root, message);
  const SlhAddress address = address_of({}, SlhAddress::place_digest, 0);
  const auto found = find_counter(p, hash, address, inner, is_place);
  if (!found) return fail(err::signing_fault);
  put_counter(counter, found->counter);
  return to_bytes(found->digest);
}

Result<Bytes> digest_to_verify(const SlhParameters& p, const SlhHash& hash, BytesView randomizer,
                               BytesView root, BytesView message, const std::uint8_t* counter) {
  if (!p.is_compact()) return hash.digest(randomizer, root, message);
  const Hash inner = hash.message_hash(randomizer, root, message);
  const SlhAddress address = address_of({}, SlhAddress::place_digest, 0);
  const Hash digest = digest_under(hash, address, inner, get_counter(counter));
  if (!is_place(p, digest)) return fail(err::bad_signature);
  return to_bytes(digest);
}

}  // namespace wusong::pq::internal
