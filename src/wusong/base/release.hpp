// SPDX-License-Identifier: Apache-2.0
// For owners of what a C library gives and takes back.
#pragma once

namespace wusong {

/// As in std::unique_ptr<BIO, Release<BIO_free>>.
template <auto release>
struct Release {
  template <typename T>
  void operator()(T* object) const noexcept {
    release(object);
  }
};

}  // namespace wusong
