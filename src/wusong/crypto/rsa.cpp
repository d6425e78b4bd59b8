// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/rsa.hpp"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/openssl.hpp"

namespace wusong::crypto {
namespace {

using namespace internal;

constexpr int kModulusBitsLeast = 2'048;
constexpr int kModulusBitsMost = 8'192;
constexpr int kExponentBitsMost = 33;

using KeyPtr = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using KeyCtxPtr = std::unique_ptr<EVP_PKEY_CTX, Release<EVP_PKEY_CTX_free>>;
using BuilderPtr = std::unique_ptr<OSSL_PARAM_BLD, Release<OSSL_PARAM_BLD_free>>;
using ParametersPtr = std::unique_ptr<OSSL_PARAM, Release<OSSL_PARAM_free>>;

KeyPtr make_key(BytesView modulus, BytesView exponent) noexcept {
  constexpr std::size_t kBytesMost = kModulusBitsMost / 8 + 1;  // with a zero before it
  if (modulus.size() > kBytesMost || exponent.size() > kBytesMost) return {};
  const BnPtr n = make_bn(modulus);
  const BnPtr e = make_bn(exponent);
  const int bits = BN_num_bits(n.get());
  const bool sound = bits >= kModulusBitsLeast && bits <= kModulusBitsMost &&
                     BN_is_odd(n.get()) == 1 && BN_is_odd(e.get()) == 1 &&
                     BN_is_one(e.get()) == 0 && BN_num_bits(e.get()) <= kExponentBitsMost;
  if (!sound) return {};
  const BuilderPtr builder{OSSL_PARAM_BLD_new()};
  WUSONG_ASSERT(builder != nullptr);
  WUSONG_ASSERT(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
                OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1);
  const ParametersPtr parameters{OSSL_PARAM_BLD_to_param(builder.get())};
  const KeyCtxPtr context{EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr)};
  WUSONG_ASSERT(parameters != nullptr && context != nullptr);
  EVP_PKEY* out = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &out, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return {};
  }
  return KeyPtr{out};
}

}  // namespace

Result<void> rsa_verify_sha256(BytesView message, BytesView modulus, BytesView exponent,
                               BytesView signature) noexcept {
  const KeyPtr key = make_key(modulus, exponent);
  if (!key) return fail(err::bad_public_key);
  const MdCtxPtr context{EVP_MD_CTX_new()};
  WUSONG_ASSERT(context != nullptr);
  const bool holds = EVP_DigestVerifyInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr,
                                             key.get(), nullptr) == 1 &&
                     EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                                      message.data(), message.size()) == 1;
  ERR_clear_error();
  if (!holds) return fail(err::bad_signature);
  return {};
}

}  // namespace wusong::crypto
