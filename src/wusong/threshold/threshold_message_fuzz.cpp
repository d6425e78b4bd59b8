// SPDX-License-Identifier: Apache-2.0
// Properties: a key share that is accepted has one encoding; a package that is refused leaves a
// signer able to sign; what others send never gives a result without a fault or a valid signature.
// Input: a byte for the kind, then the share, the package's body, or sender, round and body of
// messages whose length is in a byte before them.
#include "wusong/base/assert.hpp"
#include "wusong/testkit/seeded_entropy.hpp"
#include "wusong/threshold/frost.hpp"

namespace {

using namespace wusong;
using namespace wusong::threshold;

const std::vector<KeyShare>& keys() {
  static const std::vector<KeyShare> kKeys = [] {
    testkit::SeededEntropy entropy;
    return *deal_key(ed25519_group(), {2, 3}, ed25519_group().scalar(7), entropy);
  }();
  return kKeys;
}
const Bytes kRandomness(64, 5);

FrostSigner signer(std::size_t index) {
  return *FrostSigner::create(keys()[index], Hash{},
                              std::span<const std::uint8_t, 64>{kRandomness.data(), 64});
}

void try_share(const Group& group, BytesView encoded) {
  const auto share = decode_key_share(group, encoded);
  if (share) WUSONG_ASSERT(std::ranges::equal(encode(*share).view(), encoded));
}

void try_package(BytesView body) {
  FrostSigner one = signer(0);
  const Bytes package = envelope(Protocol::frost, 1, Hash{}, body);
  const auto share = one.sign(package);
  // Refused: another try gives the same; accepted: the nonces are gone.
  const auto again = one.sign(package);
  WUSONG_ASSERT(!again);
  WUSONG_ASSERT(share ? again.error().error == err::nonce_used : again.error() == share.error());
}

template <typename Machine>
void feed(Machine& machine, Protocol protocol, BytesView input) {
  while (input.size() >= 3) {
    const Party from{input[0]};
    const std::uint8_t round = input[1];
    const std::size_t size = std::min<std::size_t>(input[2], input.size() - 3);
    const auto answer =
        machine.receive(from, envelope(protocol, round, Hash{}, input.subspan(3, size)));
    if (!answer && !Rounds::is_harmless(answer.error()))
      WUSONG_ASSERT(machine.receive(from, {}).error().error == err::session_over);
    input = input.subspan(3 + size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const BytesView input{data + 1, size - 1};
  switch (data[0] % 5u) {
    case 0:
      try_share(ed25519_group(), input);
      break;
    case 1:
      try_share(sm2_group(), input);
      break;
    case 2:
      try_package(input);
      break;
    case 3: {
      auto coordinator = *FrostCoordinator::create({.shares = keys()[0].shares,
                                                    .session = {},
                                                    .message = {},
                                                    .signers = {Party{1}, Party{2}}});
      feed(coordinator, Protocol::frost, input);
      break;
    }
    default: {
      testkit::SeededEntropy entropy;
      auto machine = *KeyGeneration::create(
          {.group = &ed25519_group(), .threshold = {2, 2}, .self = Party{1}, .session = {}},
          entropy);
      feed(machine, Protocol::key_generation, input);
    }
  }
  return 0;
}
