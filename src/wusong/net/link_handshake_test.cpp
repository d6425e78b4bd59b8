// SPDX-License-Identifier: Apache-2.0
#include "wusong/net/link_handshake.hpp"

#include <gtest/gtest.h>

#include "wusong/codec/hex.hpp"
#include "wusong/net/errors.hpp"
#include "wusong/testkit/seeded_entropy.hpp"

namespace wusong::net {
namespace {

constexpr LinkSuite kSuites[] = {LinkSuite::standard, LinkSuite::guomi};

Hash binding(std::uint8_t fill = 5) {
  Hash out;
  out.bytes.fill(fill);
  return out;
}

/// Two ends and what they have to say to each other.
struct Ends {
  explicit Ends(LinkSuite suite, const Hash& at_dialler = binding(),
                const Hash& at_acceptor = binding())
      : dialler{*LinkHandshake::start(suite, LinkSide::dialler, at_dialler, entropy)},
        acceptor{*LinkHandshake::start(suite, LinkSide::acceptor, at_acceptor, entropy)} {}

  Result<Bytes> offer_taken(BytesView offer) { return answered(acceptor, offer); }
  Result<Bytes> answer_taken(BytesView answer) { return answered(dialler, answer); }
  Result<Bytes> answered(LinkHandshake& by, BytesView message) {
    WUSONG_CHECK(by.receive(message, entropy));
    return by.take_output();
  }

  testkit::SeededEntropy entropy;
  LinkHandshake dialler;
  LinkHandshake acceptor;
};

struct Agreed {
  explicit Agreed(LinkSuite suite) {
    Ends ends{suite};
    offer = ends.dialler.take_output();
    answer = *ends.offer_taken(offer);
    confirmation = *ends.answer_taken(answer);
    EXPECT_TRUE(ends.acceptor.receive(confirmation, ends.entropy));
    EXPECT_EQ(ends.dialler.wanted(), 0u);
    EXPECT_EQ(ends.acceptor.wanted(), 0u);
    dialler.emplace(ends.dialler.take_seals());
    acceptor.emplace(ends.acceptor.take_seals());
  }
  Bytes offer, answer, confirmation;
  std::optional<LinkSeals> dialler, acceptor;
};

/// Opens all records; the plaintext, or the first error.
Result<Bytes> opened(LinkOpener& opener, Bytes records) {
  Bytes out;
  for (std::span<std::uint8_t> rest{records}; !rest.empty();) {
    if (rest.size() < kLinkHeaderSize) return fail(err::bad_link_record);
    WUSONG_TRY(const std::size_t size, LinkOpener::sealed_size(rest.first<kLinkHeaderSize>()));
    if (rest.size() < kLinkHeaderSize + size) return fail(err::bad_link_record);
    WUSONG_TRY(const BytesView plain, opener.open(rest.subspan(kLinkHeaderSize, size)));
    append(out, plain);
    rest = rest.subspan(kLinkHeaderSize + size);
  }
  return out;
}
Bytes sealed(LinkSealer& sealer, BytesView plain) {
  Bytes out;
  sealer.seal(plain, out);
  return out;
}

TEST(LinkHandshake, BothEndsComeToTheSameKeysForEachDirection) {
  for (const LinkSuite suite : kSuites) {
    SCOPED_TRACE(traits_of(suite).name);
    Agreed link{suite};
    for (const std::size_t size : {std::size_t{1}, std::size_t{300}, kLinkPlainMax,
                                   kLinkPlainMax + 1, 3 * kLinkPlainMax + 17}) {
      const Bytes there(size, 0x31);
      const Bytes back(size, 0x32);
      EXPECT_EQ(opened(link.acceptor->opener, sealed(link.dialler->sealer, there)), there);
      EXPECT_EQ(opened(link.dialler->opener, sealed(link.acceptor->sealer, back)), back);
    }
  }
}

TEST(LinkHandshake, AChangedMessageIsRefusedByOneOfTheEnds) {
  for (const LinkSuite suite : kSuites) {
    SCOPED_TRACE(traits_of(suite).name);
    const Agreed honest{suite};
    for (std::size_t at = 0; at < honest.offer.size(); at = at < 2 ? at + 1 : at + 101) {
      Ends ends{suite};
      Bytes offer = ends.dialler.take_output();
      offer[at] ^= 0x04;
      const auto answer = ends.offer_taken(offer);
      if (!answer) {
        EXPECT_EQ(answer.error(), err::bad_link_message) << at;
        continue;
      }
      EXPECT_EQ(ends.answer_taken(*answer).error(), err::link_not_confirmed) << at;
    }
    for (std::size_t at = 0; at < honest.answer.size(); at = at < 2 ? at + 1 : at + 101) {
      Ends ends{suite};
      Bytes answer = *ends.offer_taken(ends.dialler.take_output());
      answer[at] ^= 0x04;
      const Error refusal = ends.answer_taken(answer).error();
      EXPECT_TRUE(refusal == err::bad_link_message || refusal == err::link_not_confirmed) << at;
      EXPECT_NE(ends.dialler.wanted(), 0u);
    }
    for (std::size_t at = 0; at < honest.confirmation.size(); ++at) {
      Ends ends{suite};
      Bytes confirmation = *ends.answer_taken(*ends.offer_taken(ends.dialler.take_output()));
      confirmation[at] ^= 0x04;
      EXPECT_EQ(ends.acceptor.receive(confirmation, ends.entropy).error(),
                at < 2 ? err::bad_link_message : err::link_not_confirmed);
      EXPECT_NE(ends.acceptor.wanted(), 0u);
    }
  }
}

/// Whoever sits between two TLS connections has two bindings.
TEST(LinkHandshake, EndsOfDifferentConnectionsDoNotAgree) {
  for (const LinkSuite suite : kSuites) {
    Ends ends{suite, binding(1), binding(2)};
    const auto answer = ends.offer_taken(ends.dialler.take_output());
    ASSERT_TRUE(answer);
    EXPECT_EQ(ends.answer_taken(*answer).error(), err::link_not_confirmed);
  }
}

TEST(LinkHandshake, MessagesOfAnotherConnectionAreRefused) {
  for (const LinkSuite suite : kSuites) {
    const Agreed before{suite};
    testkit::SeededEntropy entropy;
    std::ignore = LinkHandshake::start(suite, LinkSide::dialler, binding(), entropy);  // moves on
    auto dialler = *LinkHandshake::start(suite, LinkSide::dialler, binding(), entropy);
    EXPECT_EQ(dialler.receive(before.answer, entropy).error(), err::link_not_confirmed);
    auto acceptor = *LinkHandshake::start(suite, LinkSide::acceptor, binding(), entropy);
    ASSERT_TRUE(acceptor.receive(before.offer, entropy));
    EXPECT_EQ(acceptor.receive(before.confirmation, entropy).error(), err::link_not_confirmed);
  }
}

TEST(LinkHandshake, WhatComesOutOfOrderOrBackToItsSenderIsRefused) {
  for (const LinkSuite suite : kSuites) {
    SCOPED_TRACE(traits_of(suite).name);
    // The two ends' first messages differ in length, so their beginnings are shown.
    const Agreed before{suite};
    Ends ends{suite};
    const Bytes offer = ends.dialler.take_output();
    Bytes reflected = offer;
    reflected.resize(ends.dialler.wanted());
    EXPECT_EQ(ends.answer_taken(reflected).error(), err::bad_link_message);
    Bytes early = before.answer;
    early.resize(ends.acceptor.wanted());
    EXPECT_EQ(ends.offer_taken(early).error(), err::bad_link_message);

    Ends late{suite};
    const Bytes answer = *late.offer_taken(late.dialler.take_output());
    const BytesView own = BytesView{answer}.last(Hash::kSize);
    Bytes echoed = before.confirmation;
    std::ranges::copy(own, echoed.begin() + 2);
    EXPECT_EQ(late.acceptor.receive(echoed, late.entropy).error(), err::link_not_confirmed);
    Bytes again = offer;
    again.resize(late.acceptor.wanted());
    EXPECT_EQ(late.acceptor.receive(again, late.entropy).error(), err::bad_link_message);
  }
}

TEST(LinkHandshake, AnotherSuiteIsRefused) {
  Ends standard{LinkSuite::standard};
  Ends guomi{LinkSuite::guomi};
  Bytes offer = standard.dialler.take_output();
  offer.resize(guomi.acceptor.wanted());
  EXPECT_EQ(guomi.offer_taken(offer).error(), err::bad_link_message);
}

TEST(LinkSeal, AChangedRecordIsRefusedAndNothingOfItIsLeft) {
  for (const LinkSuite suite : kSuites) {
    const Bytes plain(40, 0x77);
    for (std::size_t at = 0; at < kLinkHeaderSize + plain.size() + 16; ++at) {
      Agreed link{suite};
      Bytes record = sealed(link.dialler->sealer, plain);
      record[at] ^= 0x01;
      const std::span body = std::span{record}.subspan(kLinkHeaderSize);
      if (at < kLinkHeaderSize) {
        EXPECT_EQ(opened(link.acceptor->opener, record).error(), err::bad_link_record);
        continue;
      }
      EXPECT_EQ(link.acceptor->opener.open(body).error(), err::bad_link_record);
      EXPECT_TRUE(std::ranges::all_of(body.first(plain.size()), [](auto b) { return b == 0; }));
      if (at > kLinkHeaderSize + 2) at += 6;
    }
  }
}

TEST(LinkSeal, RecordsRepeatedReorderedLostReflectedOrOfAnotherLinkAreRefused) {
  for (const LinkSuite suite : kSuites) {
    const Bytes plain(40, 0x77);
    Agreed link{suite};
    const Bytes first = sealed(link.dialler->sealer, plain);
    const Bytes second = sealed(link.dialler->sealer, plain);
    EXPECT_NE(first, second);
    EXPECT_EQ(opened(link.acceptor->opener, second).error(), err::bad_link_record);  // first lost
    EXPECT_EQ(opened(link.dialler->opener, first).error(), err::bad_link_record);    // reflected
    EXPECT_EQ(opened(link.acceptor->opener, first), plain);
    EXPECT_EQ(opened(link.acceptor->opener, first).error(), err::bad_link_record);  // repeated
    EXPECT_EQ(opened(link.acceptor->opener, second), plain);

    testkit::SeededEntropy entropy;
    std::array<std::uint8_t, 64> skipped;
    entropy.fill(skipped);
    auto dialler = *LinkHandshake::start(suite, LinkSide::dialler, binding(), entropy);
    auto acceptor = *LinkHandshake::start(suite, LinkSide::acceptor, binding(), entropy);
    ASSERT_TRUE(acceptor.receive(dialler.take_output(), entropy));
    ASSERT_TRUE(dialler.receive(acceptor.take_output(), entropy));
    LinkSeals another = dialler.take_seals();
    Agreed fresh{suite};
    EXPECT_EQ(opened(fresh.acceptor->opener, sealed(another.sealer, plain)).error(),
              err::bad_link_record);
  }
}

TEST(LinkSeal, KeysChangeAfterTheirNumberOfRecordsAndTheLinkGoesOn) {
  Agreed link{LinkSuite::standard};
  Agreed stays{LinkSuite::standard};  // the same keys
  const Bytes plain(1, 0x55);
  Bytes last;
  for (std::uint32_t i = 0; i < 2 * kLinkRecordsPerKey + 3; ++i) {
    Bytes record = sealed(link.dialler->sealer, plain);
    // A counter that began again under one key would repeat a keystream.
    if (i == kLinkRecordsPerKey) {
      EXPECT_NE(record, sealed(stays.dialler->sealer, plain));
    }
    ASSERT_EQ(opened(link.acceptor->opener, std::move(record)), plain) << i;
  }
}

TEST(LinkSeal, LengthsBeyondTheLimitsAreRefusedBeforeAnythingIsRead) {
  const auto size_of = [](std::uint32_t length) {
    const std::array<std::uint8_t, 4> header{
        static_cast<std::uint8_t>(length >> 24), static_cast<std::uint8_t>(length >> 16),
        static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length)};
    return LinkOpener::sealed_size(header);
  };
  EXPECT_EQ(size_of(16).error(), err::bad_link_record);  // empty ones would cost and say nothing
  EXPECT_EQ(size_of(17), 17u);
  EXPECT_EQ(size_of(kLinkPlainMax + 16), kLinkPlainMax + 16);
  EXPECT_EQ(size_of(kLinkPlainMax + 17).error(), err::bad_link_record);
  EXPECT_EQ(size_of(0xffffffff).error(), err::bad_link_record);
}

/// The wire format: a change of it takes a new protocol name in LinkSuiteTraits.
TEST(LinkHandshake, ItsBytesAreFrozen) {
  const auto digest = [](LinkSuite suite) {
    Agreed link{suite};
    Bytes all = link.offer;
    append(all, link.answer);
    append(all, link.confirmation);
    append(all, sealed(link.dialler->sealer, Bytes(20, 1)));
    append(all, sealed(link.acceptor->sealer, Bytes(20, 2)));
    return codec::to_hex(hash::sha256(all));
  };
  EXPECT_EQ(digest(LinkSuite::standard),
            "f38ca18e6e66b9c80e9c9712d384ae815241f5103357608bae19e573d2a97f37");
  EXPECT_EQ(digest(LinkSuite::guomi),
            "2048b9739d7562feed4f653e2a12e62db6feb76685e901c4230cd48c7b2a466f");
}

}  // namespace
}  // namespace wusong::net
