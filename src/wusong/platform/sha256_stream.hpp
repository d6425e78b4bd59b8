// SPDX-License-Identifier: Apache-2.0
// SHA-256 of what arrives in pieces.
#pragma once

#include <openssl/evp.h>

#include <memory>

#include "wusong/base/bytes.hpp"

namespace wusong::platform {

class Sha256Stream {
 public:
  Sha256Stream() : context_{EVP_MD_CTX_new()} {
    WUSONG_ASSERT(context_ != nullptr);
    WUSONG_ASSERT(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
  }
  void add(BytesView bytes) noexcept {
    WUSONG_ASSERT(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
  }
  /// Once, at the end.
  Hash finish() noexcept {
    Hash out;
    WUSONG_ASSERT(EVP_DigestFinal_ex(context_.get(), out.data(), nullptr) == 1);
    return out;
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace wusong::platform
