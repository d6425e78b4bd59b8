// SPDX-License-Identifier: Apache-2.0
// Property: every provider gives OpenSSL's verdict on a key and a signature, alone and beside
// others, its multiples known or not, and a signature that verifies does so with no other r, s or
// digest. Input: key || digest || signature, 160 bytes.
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "wusong/base/assert.hpp"
#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/curve_provider.hpp"
#include "wusong/crypto/sm2.hpp"

using namespace wusong;

namespace {

using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using ContextPtr = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;
using DsaSignaturePtr = std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)>;

KeyPtr peer_key(BytesView key) {
  Bytes point{4};
  append(point, key);
  char curve[] = "SM2";
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_end()};
  const ContextPtr context{EVP_PKEY_CTX_new_from_name(nullptr, "SM2", nullptr), EVP_PKEY_CTX_free};
  EVP_PKEY* out = nullptr;
  WUSONG_ASSERT(context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1);
  if (EVP_PKEY_fromdata(context.get(), &out, EVP_PKEY_PUBLIC_KEY, parameters) != 1) out = nullptr;
  return {out, EVP_PKEY_free};
}

Result<void> peer_verdict(const crypto::Sm2VerifyRequest& request) {
  const KeyPtr key = peer_key(request.public_key);
  if (key == nullptr) return fail(crypto::err::bad_public_key);
  const DsaSignaturePtr parts{ECDSA_SIG_new(), ECDSA_SIG_free};
  const auto number = [&](std::size_t at) {
    return BN_bin2bn(request.signature.data() + at, 32, nullptr);
  };
  WUSONG_ASSERT(ECDSA_SIG_set0(parts.get(), number(0), number(32)) == 1);
  std::uint8_t* der = nullptr;
  const int size = i2d_ECDSA_SIG(parts.get(), &der);
  WUSONG_ASSERT(size > 0);
  const ContextPtr context{EVP_PKEY_CTX_new(key.get(), nullptr), EVP_PKEY_CTX_free};
  WUSONG_ASSERT(EVP_PKEY_verify_init(context.get()) == 1);
  const bool holds = EVP_PKEY_verify(context.get(), der, static_cast<std::size_t>(size),
                                     request.digest.data(), Hash::kSize) == 1;
  OPENSSL_free(der);
  if (!holds) return fail(crypto::err::bad_signature);
  return {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size != 160) return 0;
  const BytesView key{data, 64};
  const Hash digest = Hash::from({data + 64, 32});
  const BytesView signature{data + 96, 64};
  Bytes mirrored = to_bytes(signature);
  std::rotate(mirrored.begin(), mirrored.begin() + 32, mirrored.end());
  Bytes changed = to_bytes(signature);
  changed[data[0] % 64] ^= 1;
  const std::vector<crypto::Sm2VerifyRequest> requests{
      {key, digest, signature}, {key, digest, mirrored}, {key, digest, changed},
      {signature, digest, key}, {key, {}, signature},    {key, digest, signature.first(63)}};
  std::vector<Result<void>> expected;
  for (std::size_t i = 0; i + 1 < requests.size(); ++i)
    expected.push_back(peer_verdict(requests[i]));
  expected.push_back(fail(crypto::err::bad_length));
  for (const auto* const provider : crypto::internal::curve_providers()) {
    if (!provider->is_supported()) continue;
    crypto::internal::force_curve_provider(provider);
    std::vector<Result<void>> verdicts(requests.size());
    crypto::sm2_verify(requests, verdicts);
    WUSONG_ASSERT(verdicts == expected && crypto::sm2_verify(requests[0]) == expected[0]);
    std::vector<BytesView> keys;
    for (const auto& each : requests) keys.push_back(each.public_key);
    const auto tables = crypto::sm2_tables(keys);
    auto known = requests;
    for (std::size_t i = 0; i < known.size(); ++i) known[i].table = tables[i].get();
    crypto::sm2_verify(known, verdicts);
    WUSONG_ASSERT(verdicts == expected);
  }
  crypto::internal::force_curve_provider(nullptr);
  WUSONG_ASSERT(!expected[0] || !expected[2]);
  WUSONG_ASSERT(!expected[0] || !expected[4] || digest == Hash{});
  return 0;
}
