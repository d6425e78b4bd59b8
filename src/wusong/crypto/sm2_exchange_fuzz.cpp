// SPDX-License-Identifier: Apache-2.0
// Property: whoever has no secret of the two cannot answer, nor confirm; and an offer is answered
// exactly if it is a point of the curve. Input: an offer, an answer or a confirmation, or a change
// to the right answer: two bytes, where and what.
#include "wusong/base/assert.hpp"
#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/p256.hpp"
#include "wusong/crypto/sm2_exchange.hpp"
#include "wusong/testkit/seeded_entropy.hpp"

using namespace wusong;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const crypto::Sm2Secret kA = *crypto::Sm2Secret::from(Bytes(32, 1));
  static const crypto::Sm2Secret kB = *crypto::Sm2Secret::from(Bytes(32, 2));
  static testkit::SeededEntropy entropy;
  static const crypto::Sm2Initiator kInitiator =
      *crypto::Sm2Initiator::start({.own = &kA, .peer = kB.public_key()}, entropy);
  static const crypto::Sm2Responder kResponder = *crypto::Sm2Responder::start(
      {.own = &kB, .peer = kA.public_key()}, kInitiator.offer(), entropy);
  const BytesView input{data, size};

  const auto answered =
      crypto::Sm2Responder::start({.own = &kB, .peer = kA.public_key()}, input, entropy);
  WUSONG_ASSERT(answered.has_value() == crypto::point_on_curve(crypto::Curve::sm2, input));
  WUSONG_ASSERT(!kInitiator.finish(input));
  WUSONG_ASSERT(!kResponder.confirm(input));
  if (size == 2) {
    crypto::Sm2Answer changed = kResponder.answer();
    changed[data[0] % changed.size()] ^= data[1];
    WUSONG_ASSERT(kInitiator.finish(changed).has_value() == (data[1] == 0));
  }
  return 0;
}
