// SPDX-License-Identifier: Apache-2.0
// A token that splits has exactly one text form, and no stranger's token is ever believed.
#include "wusong/base/assert.hpp"
#include "wusong/codec/base64.hpp"
#include "wusong/openid/jose.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wusong;
  const std::string_view token = as_text({data, size});
  if (const auto bytes = codec::strict_base64url(token)) {
    WUSONG_ASSERT(codec::base64url(*bytes) == token);
  }
  const auto parts = openid::split_jwt(token);
  if (parts) {
    WUSONG_ASSERT(codec::base64url(as_bytes(parts->header)) + "." +
                      codec::base64url(as_bytes(parts->claims)) + "." +
                      codec::base64url(parts->signature) ==
                  token);
  }
  // The secret of this key is nobody's: a point chosen by its x.
  static const openid::JoseKey key = [] {
    std::array<std::uint8_t, 33> one{};
    one[0] = 2;
    one[32] = 5;
    return openid::jose_key(
        crypto::decompress_point(crypto::Curve::p256, one).value_or(crypto::PointBytes{}));
  }();
  WUSONG_ASSERT(!openid::verify_jwt(token, std::array{key}));
  return 0;
}
