// SPDX-License-Identifier: Apache-2.0
// Owners for libcrypto's objects. Allocation failure inside libcrypto is fatal: WUSONG_ASSERT.
#pragma once

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <memory>

#include "wusong/base/assert.hpp"
#include "wusong/base/bytes.hpp"
#include "wusong/base/release.hpp"

namespace wusong::crypto::internal {

using BnPtr = std::unique_ptr<BIGNUM, Release<BN_clear_free>>;
using BnCtxPtr = std::unique_ptr<BN_CTX, Release<BN_CTX_free>>;
using EcGroupPtr = std::unique_ptr<EC_GROUP, Release<EC_GROUP_free>>;
using EcPointPtr = std::unique_ptr<EC_POINT, Release<EC_POINT_clear_free>>;
using MdCtxPtr = std::unique_ptr<EVP_MD_CTX, Release<EVP_MD_CTX_free>>;
using CipherCtxPtr = std::unique_ptr<EVP_CIPHER_CTX, Release<EVP_CIPHER_CTX_free>>;

inline BnPtr make_bn() noexcept {
  BnPtr out{BN_new()};
  WUSONG_ASSERT(out != nullptr);
  return out;
}
inline BnPtr make_bn(BytesView big_endian) noexcept {
  BnPtr out{BN_bin2bn(big_endian.data(), static_cast<int>(big_endian.size()), nullptr)};
  WUSONG_ASSERT(out != nullptr);
  return out;
}

inline BnCtxPtr make_bn_ctx() noexcept {
  BnCtxPtr out{BN_CTX_new()};
  WUSONG_ASSERT(out != nullptr);
  return out;
}
inline EcPointPtr make_point(const EC_GROUP* group) noexcept {
  EcPointPtr out{EC_POINT_new(group)};
  WUSONG_ASSERT(out != nullptr);
  return out;
}
inline EcGroupPtr make_group(int curve) noexcept {
  EcGroupPtr out{EC_GROUP_new_by_curve_name(curve)};
  WUSONG_ASSERT(out != nullptr);
  return out;
}
/// Takes back what libcrypto adds to this thread's queue of errors in the meantime: others read it.
class QuietErrors {
 public:
  QuietErrors() noexcept { ERR_set_mark(); }
  ~QuietErrors() { ERR_pop_to_mark(); }
  QuietErrors(const QuietErrors&) = delete;
  QuietErrors& operator=(const QuietErrors&) = delete;
};
/// The value, which the caller knows to fit, as 32 big-endian bytes.
inline void store_bn(const BIGNUM* value, std::uint8_t* out) noexcept {
  WUSONG_ASSERT(BN_bn2binpad(value, out, 32) == 32);
}

}  // namespace wusong::crypto::internal
