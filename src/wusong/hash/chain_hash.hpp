// SPDX-License-Identifier: Apache-2.0
// The digest that a chain's profile names, for whatever is the chain's own: blocks, tries, code,
// keys of accounts. What Ethereum's tools compute by themselves stays Keccak-256 in every profile.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "wusong/base/bytes.hpp"

namespace wusong::hash {

/// Keccak-256, SM3, and Keccak-256 again: hybrid_pq differs by its votes' signatures alone.
enum class Profile : std::uint8_t { standard, guomi, hybrid_pq };

std::string_view name_of(Profile profile) noexcept;
std::optional<Profile> find_profile(std::string_view name) noexcept;

/// A process serves one chain, or chains of one profile: `standard` unless set, before anything of
/// the chain is hashed.
Profile chain_profile() noexcept;
void set_chain_profile(Profile profile) noexcept;

Hash chain_hash(BytesView data) noexcept;
/// Digest of two strings laid end to end.
Hash chain_hash(BytesView first, BytesView second) noexcept;
/// chain_hash of each, at a fraction of the cost where they are many and of like length.
/// @shape as many digests as messages
void chain_hash_batch(std::span<const BytesView> messages, std::span<Hash> out) noexcept;

}  // namespace wusong::hash
