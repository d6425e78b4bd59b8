// SPDX-License-Identifier: Apache-2.0
// Properties: a key share that is accepted has one encoding; a package that is refused leaves a
// signer able to sign; after a fault a session is over; a box opens under its own digest alone.
// Input: a byte for the kind, then the share, the package's body, or sender, round and body of
// messages whose length is in two bytes before them.
#include "wusong/base/assert.hpp"
#include "wusong/testkit/seeded_entropy.hpp"
#include "wusong/threshold/ecdsa_quorum.hpp"
#include "wusong/threshold/frost.hpp"
#include "wusong/threshold/guardians.hpp"
#include "wusong/threshold/sm2_pair.hpp"
#include "wusong/threshold/sm2_quorum.hpp"

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

void try_box(BytesView input) {
  const Group& group = sm2_group();
  WUSONG_ASSERT(!GuardedBox::open(group, input, Hash{}));
  const Hash id = Transcript{group, "guarded box"}.add(input).digest();
  auto box = GuardedBox::open(group, input, id);
  if (!box) return;
  Recovery recovery{*box};
  for (const Party party : all_parties(box->threshold().total)) {
    const Bytes share(kGuardianShareSize, party.number);
    WUSONG_ASSERT(!recovery.add(party, share));  // nobody finds what a hash was made of
  }
  WUSONG_ASSERT(!recovery.secret());
}

void try_pair_share(BytesView input) {
  if (const auto share = decode_sm2_pair_share(input))
    WUSONG_ASSERT(std::ranges::equal(encode(*share).view(), input));
}

Sm2PairShare pair_share(Party self) {
  const Group& group = sm2_group();
  Bytes encoded{1, self.number};
  append(encoded, group.scalar(self == kReceiver ? 5 : 7).view());
  append(encoded, group.encoded(group.base_times(group.scalar(self == kReceiver ? 7 : 5))));
  return *decode_sm2_pair_share(encoded);
}

template <typename Machine>
void feed(Machine& machine, Protocol protocol, BytesView input) {
  while (input.size() >= 4) {
    const Party from{input[0]};
    const std::uint8_t round = input[1];
    const std::size_t size = std::min<std::size_t>(input[2] << 8 | input[3], input.size() - 4);
    const auto answer =
        machine.receive(from, envelope(protocol, round, Hash{}, input.subspan(4, size)));
    if (!answer && !Rounds::is_harmless(answer.error()))
      WUSONG_ASSERT(machine.receive(from, {}).error().error == err::session_over);
    input = input.subspan(4 + size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const BytesView input{data + 1, size - 1};
  switch (data[0] % 13u) {
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
    case 5:
      try_box(input);
      break;
    case 6:
      try_pair_share(input);
      break;
    case 9:
      if (const auto share = decode_sm2_quorum_share(input))
        WUSONG_ASSERT(std::ranges::equal(encode(*share).view(), input));
      break;
    case 10: {
      testkit::SeededEntropy entropy;
      auto machine =
          *Sm2QuorumKeys::create({.threshold = {2, 3}, .self = Party{1}, .session = {}}, entropy);
      feed(machine, Protocol::sm2_keys, input);
      break;
    }
    case 11:
      try_share(secp256k1_group(), input);
      break;
    case 12: {
      testkit::SeededEntropy entropy;
      const Group& group = secp256k1_group();
      auto machine = *EcdsaQuorumSigning::create(
          (*deal_key(group, {2, 3}, group.scalar(7), entropy))[0],
          {.signers = all_parties(3), .digest = {}, .session = {}}, entropy);
      feed(machine, Protocol::ecdsa_signing, input);
      WUSONG_ASSERT(!machine.signature() || machine.start().empty());
      break;
    }
    case 7:
    case 8: {
      testkit::SeededEntropy entropy;
      const Party self = data[0] % 13u == 7 ? kReceiver : kHelper;
      auto machine = Sm2PairSigning::create(pair_share(self), as_bytes("m"), Hash{}, entropy);
      feed(machine, Protocol::sm2_pair_signing, input);
      WUSONG_ASSERT(!machine.signature() || machine.is_over());
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
