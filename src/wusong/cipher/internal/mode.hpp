// SPDX-License-Identifier: Apache-2.0
// What the modes share.
#pragma once

#include "wusong/cipher/cipher.hpp"
#include "wusong/cipher/errors.hpp"

namespace wusong::cipher::internal {

/// @errors err::bad_output_length, err::overlapping_buffers
Result<void> check_output(BytesView in, std::span<std::uint8_t> out, std::size_t expected) noexcept;

/// Whether they are equal, in time that depends on `count` alone.
bool is_equal(const std::uint8_t* a, const std::uint8_t* b, std::size_t count) noexcept;

/// A counter block as a number, so that carries go all the way.
using Number = unsigned __int128;
Number load_number(const std::uint8_t* block) noexcept;
void store_number(std::uint8_t* block, Number number) noexcept;
Counter to_counter(Number number) noexcept;

/// Adds the key stream from block `first` on.
void count_from(const ExpandedKey& key, Number first, const std::uint8_t* in, std::uint8_t* out,
                std::size_t bytes) noexcept;

}  // namespace wusong::cipher::internal
