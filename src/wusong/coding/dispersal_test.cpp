// SPDX-License-Identifier: Apache-2.0
#include "wusong/coding/dispersal.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <fstream>
#include <random>
#include <sstream>

#include "wusong/coding/errors.hpp"
#include "wusong/coding/internal/test_leader.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::coding {
namespace {

using internal::Forgery;
using internal::TestLeader;
using Random = std::mt19937_64;

constexpr HashBatch kHashes[] = {hash::keccak256_batch, hash::sm3_batch};

Bytes payload_of(std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i * 167 + (i >> 8) + 1);
  return out;
}

/// Messages and the fragments they hold, all opened.
struct Opened {
  std::vector<Bytes> messages;
  std::vector<Fragment> fragments;

  Opened(const Disperser& disperser, const Commitment& commitment, std::vector<Bytes> from)
      : messages{std::move(from)} {
    for (const Bytes& message : messages) {
      const auto fragment = disperser.open(commitment, message);
      EXPECT_TRUE(fragment) << fragment.error().name();
      if (fragment) fragments.push_back(*fragment);
    }
  }
};

std::vector<Bytes> messages_of(const Dispersal& dispersal, std::uint32_t total) {
  std::vector<Bytes> out;
  for (std::uint32_t i = 0; i < total; ++i)
    out.push_back(dispersal.message(static_cast<std::uint16_t>(i)));
  return out;
}

std::vector<Bytes> fragments_of(const std::vector<Fragment>& opened) {
  std::vector<Bytes> out;
  for (const Fragment& fragment : opened) out.push_back(to_bytes(fragment.bytes));
  return out;
}

/// What each choice of as many fragments as are needed says: the payload, or an error.
std::vector<Result<Bytes>> verdicts(const Disperser& disperser, Shape shape,
                                    const std::vector<Fragment>& fragments) {
  std::vector<Result<Bytes>> out;
  Random random{shape.total};
  for (std::uint32_t pattern = 0; pattern < (1u << shape.total); ++pattern) {
    if (static_cast<std::uint32_t>(std::popcount(pattern)) != shape.needed) continue;
    std::vector<Fragment> chosen;
    for (std::size_t i = 0; i < shape.total; ++i)
      if ((pattern >> i) & 1) chosen.push_back(fragments[i]);
    std::shuffle(chosen.begin(), chosen.end(), random);
    const auto dispersal = disperser.reconstruct(chosen);
    if (dispersal) {
      out.push_back(to_bytes(dispersal->payload()));
      EXPECT_EQ(dispersal->commitment(), fragments[0].commitment);
      const Opened again{disperser, dispersal->commitment(), messages_of(*dispersal, shape.total)};
      EXPECT_EQ(fragments_of(again.fragments), fragments_of(fragments));
    } else {
      out.push_back(fail(dispersal.error()));
    }
  }
  return out;
}

TEST(Dispersal, AnyFragmentsGiveThePayloadBackAndAllOthers) {
  for (const HashBatch hash : kHashes) {
    for (std::uint32_t total = 1; total <= 10; ++total) {
      const Shape shape = Shape::for_validators(total);
      const auto disperser = Disperser::create(shape, hash);
      const std::size_t row = std::size_t{shape.needed} * kFragmentBlockBytes;
      for (const std::size_t size :
           {std::size_t{0}, std::size_t{1}, row - 1, row, row + 1, 3 * row}) {
        const Bytes payload = payload_of(size);
        const auto dispersal = disperser->disperse(payload);
        ASSERT_TRUE(dispersal);
        EXPECT_EQ(to_bytes(dispersal->payload()), payload);
        const Opened all{*disperser, dispersal->commitment(), messages_of(*dispersal, total)};
        ASSERT_EQ(all.fragments.size(), total);
        for (const auto& verdict : verdicts(*disperser, shape, all.fragments))
          ASSERT_TRUE(verdict && *verdict == payload);
      }
    }
  }
}

TEST(Dispersal, ASecondImplementationOfTheFormatMakesTheSameMessages) {
  for (const HashBatch hash : kHashes) {
    for (const std::uint32_t total : {1u, 2u, 3u, 4u, 5u, 7u, 33u, 100u, 300u}) {
      const Shape shape = Shape::for_validators(total);
      const auto disperser = Disperser::create(shape, hash);
      for (const std::uint32_t size : {5000u, 4096u * shape.needed, 8200u * shape.needed}) {
        const auto dispersal = disperser->disperse(payload_of(size));
        const Opened all{*disperser, dispersal->commitment(), messages_of(*dispersal, total)};
        const Forgery same = TestLeader{shape, hash}.commit(size, fragments_of(all.fragments));
        EXPECT_EQ(same.commitment, dispersal->commitment());
        EXPECT_EQ(same.messages, all.messages);
        EXPECT_EQ(all.messages[0].size(), disperser->message_bytes(size));
      }
    }
  }
}

TEST(Dispersal, AMebibyteComesBackFromAThirdOfAHundredAndOfAThousand) {
  for (const std::uint32_t total : {100u, 1000u}) {
    const Shape shape = Shape::for_validators(total);
    const auto disperser = Disperser::create(shape, hash::keccak256_batch);
    const Bytes payload = payload_of(1 << 20);
    const auto dispersal = disperser->disperse(payload);
    const Opened all{*disperser, dispersal->commitment(), messages_of(*dispersal, total)};
    std::vector<Fragment> some = all.fragments;
    Random random{total};
    std::shuffle(some.begin(), some.end(), random);
    some.resize(shape.needed);
    const auto back = disperser->reconstruct(some);
    ASSERT_TRUE(back);
    EXPECT_TRUE(std::ranges::equal(back->payload(), payload));
  }
}

TEST(Dispersal, APayloadsLengthIsPartOfIt) {
  const auto disperser = Disperser::create({.total = 4, .needed = 2}, hash::keccak256_batch);
  const Commitment three = disperser->disperse(Bytes{1, 2, 0})->commitment();
  EXPECT_NE(three, disperser->disperse(Bytes{1, 2})->commitment());
  EXPECT_NE(three, disperser->disperse(Bytes{1, 2, 0, 0})->commitment());
  EXPECT_EQ(three, disperser->disperse(Bytes{1, 2, 0})->commitment());
  const auto wider = Disperser::create({.total = 4, .needed = 3}, hash::keccak256_batch);
  EXPECT_NE(three, wider->disperse(Bytes{1, 2, 0})->commitment());
}

TEST(Dispersal, TooLargeAPayloadAndBadShapesAreRefused) {
  const auto disperser = Disperser::create({.total = 4, .needed = 2}, hash::keccak256_batch);
  EXPECT_TRUE(disperser->disperse(Bytes(kPayloadBytesMax)));
  EXPECT_EQ(disperser->disperse(Bytes(kPayloadBytesMax + 1)).error(),
            Error{err::payload_too_large});
  EXPECT_EQ(Disperser::create({.total = 4, .needed = 5}, hash::keccak256_batch).error(),
            Error{err::bad_shape});
}

TEST(Fragment, EveryChangeOfAMessageIsRefused) {
  const auto disperser = Disperser::create({.total = 5, .needed = 2}, hash::keccak256_batch);
  const auto dispersal = disperser->disperse(payload_of(100));
  const Commitment& commitment = dispersal->commitment();
  const Bytes message = dispersal->message(3);
  const auto error_of = [&](const Bytes& changed) {
    return disperser->open(commitment, changed).error();
  };
  ASSERT_TRUE(disperser->open(commitment, message));
  for (std::size_t bit = 0; bit < 8 * message.size(); ++bit) {
    Bytes changed = message;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1u << (bit % 8)));
    ASSERT_FALSE(disperser->open(commitment, changed)) << "bit " << bit;
    if (bit >= 48) {
      ASSERT_EQ(error_of(changed), Error{err::bad_path}) << "bit " << bit;
    }
  }
  for (std::size_t size = 0; size < message.size(); ++size)
    ASSERT_EQ(error_of({message.begin(), message.begin() + size}), Error{err::bad_size});
  Bytes longer = message;
  longer.push_back(0);
  EXPECT_EQ(error_of(longer), Error{err::bad_size});

  Bytes beyond = message;
  beyond[1] = 5;
  EXPECT_EQ(error_of(beyond), Error{err::bad_index});
  Bytes another = message;
  another[1] = 2;
  EXPECT_EQ(error_of(another), Error{err::bad_path});
  Bytes shorter_payload = message;
  shorter_payload[5] = 99;  // of the same fragment size
  EXPECT_EQ(error_of(shorter_payload), Error{err::bad_path});
  Bytes huge = message;
  huge[2] = 0x7f;
  EXPECT_EQ(error_of(huge), Error{err::payload_too_large});
  EXPECT_EQ(disperser->open(disperser->disperse({})->commitment(), message).error(),
            Error{err::bad_path});
}

TEST(Reconstruct, ALeaderWhoEncodedWronglyIsFoundOutByAnyFragments) {
  for (std::uint32_t total = 2; total <= 10; ++total) {
    const Shape shape = Shape::for_validators(total);
    const TestLeader leader{shape, hash::keccak256_batch};
    const auto disperser = Disperser::create(shape, leader.hash);
    const std::uint32_t size = shape.needed * 128 - 5;
    const auto honest = disperser->disperse(payload_of(size));
    const Opened good{*disperser, honest->commitment(), messages_of(*honest, total)};
    for (std::uint32_t wrong = 0; wrong < total; ++wrong) {
      std::vector<Bytes> fragments = fragments_of(good.fragments);
      fragments[wrong][17] ^= 1;
      const Forgery forgery = leader.commit(size, fragments);
      const Opened opened{*disperser, forgery.commitment, forgery.messages};
      for (const auto& verdict : verdicts(*disperser, shape, opened.fragments))
        ASSERT_EQ(verdict.error(), Error{err::inconsistent_encoding}) << total << ", " << wrong;
    }
  }
}

TEST(Reconstruct, PaddingThatIsNotZeroIsNobodysPayload) {
  const Shape shape{.total = 7, .needed = 3};
  const TestLeader leader{shape, hash::sm3_batch};
  const auto disperser = Disperser::create(shape, leader.hash);
  const auto full = disperser->disperse(payload_of(3 * 128));
  const Opened good{*disperser, full->commitment(), messages_of(*full, 7)};
  // The same fragments are a good code word, but claim to hold less than they do.
  for (const std::uint32_t size : {383u, 300u, 200u, 1u, 0u}) {
    const Forgery forgery = leader.commit(size, fragments_of(good.fragments));
    const Opened opened{*disperser, forgery.commitment, forgery.messages};
    for (const auto& verdict : verdicts(*disperser, shape, opened.fragments))
      ASSERT_EQ(verdict.error(), Error{err::inconsistent_encoding}) << size;
  }
}

TEST(Reconstruct, TooFewTwiceTheSameAndMixedFragmentsAreRefused) {
  const Shape shape{.total = 4, .needed = 2};
  const auto disperser = Disperser::create(shape, hash::keccak256_batch);
  const auto one = disperser->disperse(payload_of(200));
  const auto two = disperser->disperse(payload_of(201));
  const Opened first{*disperser, one->commitment(), messages_of(*one, 4)};
  const Opened second{*disperser, two->commitment(), messages_of(*two, 4)};
  const auto error_of = [&](std::vector<Fragment> fragments) {
    return disperser->reconstruct(fragments).error();
  };
  EXPECT_EQ(error_of({}), Error{err::wrong_count});
  EXPECT_EQ(error_of({first.fragments[3]}), Error{err::wrong_count});
  EXPECT_EQ(error_of({first.fragments[3], first.fragments[3]}), Error{err::bad_index});
  EXPECT_EQ(error_of({first.fragments[3], second.fragments[1]}), Error{err::mixed_commitments});
  EXPECT_TRUE(disperser->reconstruct(first.fragments));
}

TEST(Dispersal, ItsFormatIsFrozen) {
  std::ostringstream out;
  for (const HashBatch hash : kHashes) {
    for (const std::uint32_t total : {1u, 4u, 10u, 100u, 255u, 256u, 257u, 1000u}) {
      for (const std::size_t size : {std::size_t{0}, std::size_t{1000}, std::size_t{100'000}}) {
        const auto disperser = Disperser::create(Shape::for_validators(total), hash);
        const auto dispersal = disperser->disperse(payload_of(size));
        Bytes messages;
        for (const Bytes& message : messages_of(*dispersal, total)) append(messages, message);
        const Hash digest = hash::sha256(messages);
        out << (hash == kHashes[0] ? "keccak256 " : "sm3 ") << total << ' ' << size;
        for (const BytesView bytes : {dispersal->commitment().view(), digest.view()}) {
          out << ' ';
          for (const std::uint8_t byte : bytes) {
            out << "0123456789abcdef"[byte >> 4] << "0123456789abcdef"[byte & 15];
          }
        }
        out << '\n';
      }
    }
  }
  std::ifstream file{"tests/frozen/coding/dispersal.txt"};
  const std::string frozen{std::istreambuf_iterator<char>{file}, {}};
  EXPECT_EQ(out.str(), frozen);
}

}  // namespace
}  // namespace wusong::coding
