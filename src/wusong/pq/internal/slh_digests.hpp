// SPDX-License-Identifier: Apache-2.0
// What SLH-DSA's one-time keys and few-time keys sign: digits of nodes, digests of messages. In the
// compact sets both come with a counter: the smallest under which the digest has what the set asks
// for. Counters are public, and so is all that they are sought for.
#pragma once

#include <optional>

#include "wusong/pq/internal/slh_hash.hpp"

namespace wusong::pq::internal {

using SlhDigits = std::array<std::uint8_t, kSlhDigitsMax>;

/// The bits of `from`, the highest of each byte first: `count` of them from `first` on.
/// @source FIPS 205, algorithm 4
std::size_t bits_at(const std::uint8_t* from, std::size_t first, std::size_t count) noexcept;

/// The digits in a digest of a compact set; none if their sum or the bits after them are not the
/// set's.
std::optional<SlhDigits> digits_in(const SlhParameters& p, const Hash& digest) noexcept;
/// Whether a digest of a compact set ends in the zeros that let it choose a place.
bool is_place(const SlhParameters& p, const Hash& digest) noexcept;

struct SlhCounted {
  std::uint32_t counter;
  Hash digest;
};
/// The smallest counter below `end` under which the digest of `input` is good; it is the third word
/// of `address`.
/// @cost 16 digests at a time in the provider's lanes
std::optional<SlhCounted> find_counter(const SlhParameters& p, const SlhHash& hash,
                                       const SlhAddress& address, BytesView input,
                                       bool (*is_good)(const SlhParameters&, const Hash&) noexcept,
                                       std::uint32_t end = kCounterEnd) noexcept;

/// What the one-time key `leaf` of the tree `where` signs for a node of n bytes. Writes the
/// counter, if the set has one, to `counter`.
/// @shape `counter` counter_size() bytes
/// @errors err::signing_fault (no counter: one of 2^24 fails with probability e^-4000)
Result<SlhDigits> digits_to_sign(const SlhParameters& p, const SlhHash& hash,
                                 const SlhAddress& where, std::size_t leaf,
                                 const std::uint8_t* node, std::uint8_t* counter) noexcept;
/// The same with the counter of a signature.
/// @errors err::bad_signature (the counter gives no digits of the set)
Result<SlhDigits> digits_to_verify(const SlhParameters& p, const SlhHash& hash,
                                   const SlhAddress& where, std::size_t leaf,
                                   const std::uint8_t* node, const std::uint8_t* counter) noexcept;

/// What chooses the place of a message's signature and the leaves of its few-time key.
/// @shape  at least fors_digest() + tree_digest() + leaf_digest() bytes
/// @errors err::signing_fault, as digits_to_sign
Result<Bytes> digest_to_sign(const SlhParameters& p, const SlhHash& hash, BytesView randomizer,
                             BytesView root, BytesView message, std::uint8_t* counter);
/// @errors err::bad_signature (the counter gives no place)
Result<Bytes> digest_to_verify(const SlhParameters& p, const SlhHash& hash, BytesView randomizer,
                               BytesView root, BytesView message, const std::uint8_t* counter);

}  // namespace wusong::pq::internal
