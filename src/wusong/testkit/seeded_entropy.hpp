// SPDX-License-Identifier: Apache-2.0
// Bytes that look random and are the same in each run.
#pragma once

#include <cstdint>
#include <span>

#include "wusong/base/bytes.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/io/entropy.hpp"

namespace wusong::testkit {

/// Different bytes at each call, the same in each run.
class SeededEntropy final : public io::Entropy {
 public:
  void fill(std::span<std::uint8_t> out) noexcept override {
    for (auto& byte : out) {
      if (at_ == 32) {
        Bytes seed = to_bytes(block_);
        seed.push_back(1);
        block_ = hash::sha256(seed);
        at_ = 0;
      }
      byte = block_.bytes[at_++];
    }
  }

 private:
  Hash block_;
  std::size_t at_{32};
};

}  // namespace wusong::testkit
