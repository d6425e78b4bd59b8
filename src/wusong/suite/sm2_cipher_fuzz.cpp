// SPDX-License-Identifier: Apache-2.0
// Property: a ciphertext of SM2 has one DER form; what opens is a ciphertext that somebody made for
// the key, and opens alike in both forms. Input: a ciphertext in either form, or a change to one
// that is right: two bytes, where and what.
#include <algorithm>

#include "wusong/base/assert.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/suite/der.hpp"
#include "wusong/suite/key.hpp"
#include "wusong/testkit/seeded_entropy.hpp"

using namespace wusong;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Of the example in GB/T 32918.5-2017, annex C, so that the corpus holds its ciphertext.
  static const suite::SecretKey kKey = *suite::SecretKey::decode(
      *suite::find_scheme("sm2"),
      *codec::from_hex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"));
  static testkit::SeededEntropy entropy;
  static const Bytes kRight = *kKey.public_key().encrypt(Bytes(20, 9), entropy);
  const BytesView input{data, size};

  const auto opened = kKey.decrypt(input);
  if (const auto laid_out = suite::sm2_cipher_from_der(input)) {
    WUSONG_ASSERT(std::ranges::equal(suite::sm2_cipher_to_der(*laid_out), input));
    const auto again = kKey.decrypt(*laid_out);
    WUSONG_ASSERT(again.has_value() == opened.has_value());
    WUSONG_ASSERT(!again || std::ranges::equal(again->view(), opened->view()));
  } else {
    WUSONG_ASSERT(!opened || data[0] == 4);
  }
  if (size == 2) {
    Bytes changed = kRight;
    changed[data[0] % changed.size()] ^= data[1];
    WUSONG_ASSERT(kKey.decrypt(changed).has_value() == (data[1] == 0));
  }
  return 0;
}
