// SPDX-License-Identifier: Apache-2.0
// Remembers the digests of short inputs. Contracts hash the same mapping keys again and again, and
// a permutation costs twenty times a look-up.
#pragma once

#include <cstring>
#include <memory>

#include "wusong/hash/hash.hpp"

namespace wusong::vm::internal {

class KeccakCache {
 public:
  /// hash::keccak256(data), remembered for 32 and 64 bytes.
  Hash digest(BytesView data) {
    if (data.size() != 64 && data.size() != 32) return hash::keccak256(data);
    if (entries_ == nullptr) {
      // A short-lived interpreter never pays for the table.
      if (++misses_before_ < kMissesBefore) return hash::keccak256(data);
      entries_ = std::make_unique<Entry[]>(kEntries);
    }
    std::uint64_t words[8]{};
    std::memcpy(words, data.data(), data.size());
    Entry& entry = entries_[index_of(words)];
    if (entry.size != data.size() || std::memcmp(entry.words, words, sizeof(words)) != 0) {
      entry.size = data.size();
      std::memcpy(entry.words, words, sizeof(words));
      entry.digest = hash::keccak256(data);
    }
    return entry.digest;
  }

 private:
  static constexpr std::size_t kEntries =
      1024;  // 128 KiB: larger, and misses cost more than they save
  static constexpr std::uint32_t kMissesBefore = 256;

  struct alignas(64) Entry {
    std::uint64_t words[8]{};
    std::size_t size{0};  // 0: unused
    Hash digest;
  };

  static std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  /// Colliding inputs only push each other out.
  static std::size_t index_of(const std::uint64_t (&w)[8]) noexcept {
    constexpr std::uint64_t k0 = 0x9e3779b97f4a7c15;
    constexpr std::uint64_t k1 = 0xd6e8feb86659fd93;
    const std::uint64_t mixed = fold(w[0] ^ k0, w[1] ^ k1) ^ fold(w[2] ^ k1, w[3] ^ k0) ^
                                fold(w[4] ^ ~k0, w[5] ^ ~k1) ^ fold(w[6] ^ ~k1, w[7] ^ ~k0);
    return static_cast<std::size_t>(fold(mixed, k1) % kEntries);
  }

  std::unique_ptr<Entry[]> entries_;
  std::uint32_t misses_before_{0};
};

}  // namespace wusong::vm::internal
