// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/key_cache.hpp"

#include <mutex>
#include <random>
#include <thread>

#include "wusong/crypto/ed25519.hpp"
#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/test_curve_peer.hpp"
#include "wusong/crypto/sm2.hpp"
#include "wusong/testkit/seeded_entropy.hpp"

namespace wusong::crypto {
namespace {

using internal::for_each_curve_provider;

class RealMutex final : public io::Mutex {
 public:
  void lock() noexcept override { mutex_.lock(); }
  void unlock() noexcept override { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

KeyCache make_cache(const KeyCache::Limits& limits = {}) {
  testkit::SeededEntropy entropy;
  return {std::make_unique<io::NoMutex>(), entropy, limits};
}

struct Sender {
  std::unique_ptr<Signer> signer;
  Bytes message;
  Bytes signature;

  explicit Sender(Scheme scheme, std::uint32_t number) {
    Bytes secret(find_scheme(std::to_underlying(scheme))->secret_key_size, 1);
    std::memcpy(secret.data() + secret.size() - 4, &number, 4);
    signer = *make_signer(scheme, secret);
    message.assign(number % 200, static_cast<std::uint8_t>(number));
    signature = signer->sign(message);
  }
  VerifyRequest request() const {
    return {signer->scheme(), signer->public_key(), message, signature};
  }
  SchemeKey key() const { return {signer->scheme(), signer->public_key()}; }
};
std::vector<Sender> senders_of(Scheme scheme, std::uint32_t first, std::uint32_t count) {
  std::vector<Sender> out;
  for (std::uint32_t i = 0; i < count; ++i) out.emplace_back(scheme, first + i);
  return out;
}
std::vector<VerifyRequest> requests_of(std::span<const Sender> senders) {
  std::vector<VerifyRequest> out;
  for (const Sender& each : senders) out.push_back(each.request());
  return out;
}

TEST(KeyCache, GivesTheVerdictsThatThereAreWithoutIt) {
  std::vector<Sender> senders;
  for (const auto& info : scheme_table())
    for (std::uint32_t i = 0; i < 5; ++i) senders.emplace_back(info.scheme, i);
  std::vector<Bytes> changed;
  for (const Sender& each : senders) {
    Bytes& bytes = changed.emplace_back(each.signature);
    bytes[bytes.size() / 3] ^= 4;
  }
  const Bytes zeros(kPublicKeySizeMax);
  std::vector<Bytes> off_curve;
  for (const Sender& each : senders)
    (off_curve.emplace_back(to_bytes(each.signer->public_key()))).back() ^= 1;
  for_each_curve_provider([&](const internal::CurveProvider& provider) {
    std::mt19937 random{7};
    KeyCache cache = make_cache();
    const int rounds = &provider == &internal::kCurvesPlain ? 3 : 12;
    for (int round = 0; round < rounds; ++round) {
      std::vector<VerifyRequest> requests;
      for (int i = 0; i < 90; ++i) {
        const std::size_t at = random() % senders.size();
        VerifyRequest each = senders[at].request();
        switch (random() % 12) {
          case 0:
            each.signature = changed[at];
            break;
          case 1:
            each.public_key = off_curve[at];
            break;
          case 2:
            each.public_key = BytesView{zeros}.first(each.public_key.size());
            break;
          case 3:
            each.public_key = each.public_key.first(31);
            break;
          case 4:
            each.message = changed[at];
            break;
          case 5:
            each.scheme = Scheme{99};
            break;
          default:
            break;
        }
        requests.push_back(each);
      }
      EXPECT_EQ(verify_batch(requests, cache), verify_batch(requests));
    }
    for (int twice = 0; twice < 2; ++twice) verify_batch(requests_of(senders), cache);
    EXPECT_EQ(cache.counts().keys, senders.size() - 5);  // all but secp256k1's
  });
}

TEST(KeyCache, KeepsAKeyWhenItsSecondSignatureHasVerified) {
  const auto senders = senders_of(Scheme::sm2, 0, 3);
  const auto requests = requests_of(senders);
  KeyCache cache = make_cache();
  EXPECT_TRUE(verify_batch(requests, cache)[0]);
  EXPECT_EQ(cache.counts().keys, 0u);
  EXPECT_EQ(cache.counts().bytes, 0u);
  EXPECT_TRUE(verify_batch(std::span{requests}.first(1), cache)[0]);
  EXPECT_EQ(cache.counts().keys, 1u);
  EXPECT_TRUE(cache.has(senders[0].key()));
  EXPECT_FALSE(cache.has(senders[1].key()));
  EXPECT_GT(cache.counts().bytes, kSm2TableBytes);
  const std::vector<VerifyRequest> often(20, requests[2]);  // expanded once
  verify_batch(often, cache);
  EXPECT_EQ(cache.counts().keys, 2u);
}

TEST(KeyCache, RemembersNothingOfWhatDoesNotVerify) {
  const auto senders = senders_of(Scheme::ed25519, 0, 4);
  auto requests = requests_of(senders);
  for (auto& each : requests) each.signature = senders[0].signature;
  requests[0].message = senders[1].message;
  KeyCache cache = make_cache();
  for (int i = 0; i < 4; ++i) verify_batch(requests, cache);
  EXPECT_EQ(cache.counts().keys, 0u);
  verify_batch(requests_of(senders), cache);
  EXPECT_EQ(cache.counts().keys, 0u);  // not even as strangers
}

TEST(KeyCache, NeverTakesMoreBytesThanItsLimit) {
  const KeyCache::Limits limits{.bytes_max = 40'000, .strangers_max = 64};
  KeyCache cache = make_cache(limits);
  std::vector<Sender> senders = senders_of(Scheme::sm2, 0, 30);
  for (std::uint32_t i = 0; i < 30; ++i) senders.emplace_back(Scheme::ed25519, i);
  senders.emplace_back(Scheme::ml_dsa_44, 0);  // takes more than half
  senders.emplace_back(Scheme::ml_dsa_65, 0);  // has no room at all
  std::mt19937 random{3};
  std::size_t most = 0;
  for (int round = 0; round < 60; ++round) {
    std::vector<VerifyRequest> requests;
    for (int i = 0; i < 24; ++i) requests.push_back(senders[random() % senders.size()].request());
    EXPECT_EQ(verify_batch(requests, cache), verify_batch(requests));
    ASSERT_LE(cache.counts().bytes, limits.bytes_max);
    most = std::max(most, cache.counts().bytes);
  }
  EXPECT_GT(most, limits.bytes_max / 2);
  EXPECT_FALSE(cache.has(senders.back().key()));
}

TEST(KeyCache, SendersThatComeAllTheTimeStayWhileManyPassBy) {
  const auto regulars = senders_of(Scheme::ed25519, 0, 10);
  const auto passing = senders_of(Scheme::ed25519, 1'000, 600);
  const auto regular = requests_of(regulars);
  const auto stranger = requests_of(passing);
  KeyCache cache = make_cache({.bytes_max = 30 * (kEd25519TableBytes + 200)});
  for (int i = 0; i < 3; ++i) verify_batch(regular, cache);
  const auto here = [&](std::span<const Sender> senders) {
    return std::ranges::count_if(senders, [&](const Sender& s) { return cache.has(s.key()); });
  };
  ASSERT_EQ(here(regulars), 10);
  for (std::size_t i = 0; i + 15 <= stranger.size(); i += 15) {
    for (int twice = 0; twice < 2; ++twice) verify_batch(std::span{stranger}.subspan(i, 15), cache);
    verify_batch(regular, cache);
    ASSERT_EQ(here(regulars), 10) << i;
  }
  EXPECT_GT(here(passing), 10);
  EXPECT_LT(here(passing), 30);
  // Regulars that no longer come give way.
  for (std::size_t i = 0; i + 15 <= stranger.size(); i += 15)
    for (int twice = 0; twice < 2; ++twice) verify_batch(std::span{stranger}.subspan(i, 15), cache);
  EXPECT_EQ(here(regulars), 0);
}

TEST(KeyCache, ServesManyThreads) {
  testkit::SeededEntropy entropy;
  KeyCache cache{std::make_unique<RealMutex>(),
                 entropy,
                 {.bytes_max = 12 * (kEd25519TableBytes + 200), .strangers_max = 8}};
  const auto senders = senders_of(Scheme::ed25519, 0, 20);
  const auto requests = requests_of(senders);
  std::vector<std::jthread> threads;
  for (std::uint32_t seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&, seed] {
      std::mt19937 random{seed};
      for (int i = 0; i < 40; ++i) {
        std::vector<VerifyRequest> some;
        for (int k = 0; k < 12; ++k) some.push_back(requests[random() % requests.size()]);
        const auto verdicts = verify_batch(some, cache);
        EXPECT_TRUE(std::ranges::all_of(verdicts, [](const auto& v) { return v.has_value(); }));
      }
    });
  }
  threads.clear();
  EXPECT_GT(cache.counts().keys, 5u);
  EXPECT_LE(cache.counts().keys, 12u);
}

}  // namespace
}  // namespace wusong::crypto
