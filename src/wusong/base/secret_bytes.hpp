// SPDX-License-Identifier: Apache-2.0
// Bytes that nobody shall find in memory later.
#pragma once

#include <string.h>  // NOLINT: explicit_bzero is glibc's, not C++'s

#include "wusong/base/bytes.hpp"

namespace wusong {

/// Bytes that are overwritten when they go.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(Bytes bytes) noexcept : bytes_{std::move(bytes)} {}
  SecretBytes(SecretBytes&& other) noexcept : bytes_{std::move(other.bytes_)} {
    other.bytes_.clear();
  }
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    if (this != &other) {
      wipe();
      bytes_ = std::move(other.bytes_);
      other.bytes_.clear();
    }
    return *this;
  }
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes() { wipe(); }
  BytesView view() const noexcept { return bytes_; }

 private:
  void wipe() noexcept {
    if (!bytes_.empty()) explicit_bzero(bytes_.data(), bytes_.size());
  }
  Bytes bytes_;
};

}  // namespace wusong
