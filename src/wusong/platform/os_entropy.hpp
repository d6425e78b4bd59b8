// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wusong/io/entropy.hpp"

namespace wusong::platform {

/// getrandom(2). @thread safe
class OsEntropy final : public io::Entropy {
 public:
  void fill(std::span<std::uint8_t> out) noexcept override;
};

}  // namespace wusong::platform
