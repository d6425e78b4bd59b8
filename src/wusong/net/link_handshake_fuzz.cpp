// SPDX-License-Identifier: Apache-2.0
// Property: no end takes what the other did not say. Input: a byte for suite and step, then an
// offer, an answer, a confirmation, or the records of a link that stands.
#include <algorithm>

#include "wusong/base/assert.hpp"
#include "wusong/net/errors.hpp"
#include "wusong/net/link_handshake.hpp"
#include "wusong/testkit/seeded_entropy.hpp"

namespace {

using namespace wusong;       // NOLINT
using namespace wusong::net;  // NOLINT

const Hash kBinding;

LinkHandshake start(LinkSuite suite, LinkSide side, io::Entropy& entropy) {
  return *LinkHandshake::start(suite, side, kBinding, entropy);
}

void on_records(LinkSeals& sender, LinkSeals& receiver, Bytes input) {
  Bytes honest;
  sender.sealer.seal(as_bytes("a record"), honest);
  std::span<std::uint8_t> rest{input};
  if (rest.size() < kLinkHeaderSize) return;
  const auto size = LinkOpener::sealed_size(rest.first<kLinkHeaderSize>());
  if (!size || rest.size() < kLinkHeaderSize + *size) return;
  const Bytes record = to_bytes(rest.first(kLinkHeaderSize + *size));
  const bool taken = receiver.opener.open(rest.subspan(kLinkHeaderSize, *size)).has_value();
  WUSONG_ASSERT(taken == (record == honest));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const LinkSuite suite = (data[0] & 1) == 0 ? LinkSuite::standard : LinkSuite::guomi;
  const unsigned step = data[0] >> 1 & 3u;
  const BytesView input{data + 1, size - 1};
  testkit::SeededEntropy entropy;
  LinkHandshake dialler = start(suite, LinkSide::dialler, entropy);
  LinkHandshake acceptor = start(suite, LinkSide::acceptor, entropy);
  const Bytes offer = dialler.take_output();
  if (step == 0) {
    if (input.size() != acceptor.wanted()) return 0;
    const auto taken = acceptor.receive(input, entropy);
    if (!taken) {
      WUSONG_ASSERT(taken.error() == err::bad_link_message);
      return 0;
    }
    // A key may be anybody's; without it the answer confirms nothing.
    const Bytes answer = acceptor.take_output();
    WUSONG_ASSERT(dialler.receive(answer, entropy).has_value() == std::ranges::equal(input, offer));
    return 0;
  }
  WUSONG_ASSERT(acceptor.receive(offer, entropy).has_value());
  const Bytes answer = acceptor.take_output();
  if (step == 1) {
    if (input.size() != dialler.wanted()) return 0;
    WUSONG_ASSERT(dialler.receive(input, entropy).has_value() == std::ranges::equal(input, answer));
    return 0;
  }
  WUSONG_ASSERT(dialler.receive(answer, entropy).has_value());
  const Bytes confirmation = dialler.take_output();
  if (step == 2) {
    if (input.size() != acceptor.wanted()) return 0;
    WUSONG_ASSERT(acceptor.receive(input, entropy).has_value() ==
                  std::ranges::equal(input, confirmation));
    return 0;
  }
  WUSONG_ASSERT(acceptor.receive(confirmation, entropy).has_value());
  LinkSeals from = dialler.take_seals();
  LinkSeals to = acceptor.take_seals();
  on_records(from, to, to_bytes(input));
  return 0;
}
