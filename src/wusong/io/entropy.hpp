// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace wusong::io {

/// Where random bytes come from: the operating system, or a seed.
class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual void fill(std::span<std::uint8_t> out) noexcept = 0;
};

}  // namespace wusong::io
