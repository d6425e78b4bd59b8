// SPDX-License-Identifier: Apache-2.0
// No branch and no address of hash-based signing depends on a secret. Hashes of secrets are secret,
// until the scheme publishes them: the kernel below says where.
#include <gtest/gtest.h>

#include "wusong/pq/internal/slh_digests.hpp"
#include "wusong/testkit/memcheck.hpp"

namespace wusong::pq {
namespace {

using internal::Provider;
using internal::SlhAddress;
using internal::SlhHash;

Bytes secret(std::size_t count) {
  Bytes out(count, 0x35);
  VALGRIND_MAKE_MEM_UNDEFINED(out.data(), out.size());
  return out;
}

const Provider* hidden = nullptr;
/// Secrets are the starts of chains and of few-time leaves, and chains up to their ends. Leaves of
/// trees and all above them are in signatures, or could be.
void publishing_sha256(const std::uint32_t* start, const std::uint8_t* messages, std::size_t blocks,
                       std::size_t count, std::uint8_t* out) noexcept {
  hidden->sha2->sha256(start, messages, blocks, count, out);
  for (std::size_t i = 0; i < count; ++i) {
    const unsigned type = messages[i * blocks * 64 + 9] % 16;  // the compact sets' start at 16
    if (type != SlhAddress::wots_hash && type != SlhAddress::wots_secret &&
        type != SlhAddress::fors_secret)
      VALGRIND_MAKE_MEM_DEFINED(out + 32 * i, 32);
  }
}

void sign_with_secret_seed(SlhDsa set, const Provider& provider) {
  hidden = &provider;
  hash::Sha2Provider kernels = *provider.sha2;
  kernels.sha256 = publishing_sha256;
  Provider publishing = provider;
  publishing.sha2 = &kernels;
  Bytes seeds = secret(48);
  VALGRIND_MAKE_MEM_DEFINED(seeds.data() + 16, 32);
  const auto key = SlhDsaSecretKey::from_seed(set, seeds, publishing);
  const Bytes message(100, 1);
  EXPECT_TRUE(key->sign_deterministic(message, {}).has_value());
}

TEST(MemcheckSubject, SignaturesAreMadeOfASecretSeed) {
  for (const auto& provider : internal::providers())
    sign_with_secret_seed(SlhDsa::sha2_128f, provider);
}
TEST(MemcheckSubject, CompactSignaturesAreMadeOfASecretSeed) {
  sign_with_secret_seed(SlhDsa::compact_sha2, internal::fastest_provider());
}

TEST(MemcheckSubject, EverySetHashesSecrets) {
  for (std::size_t set = 0; set < kSlhDsaSets; ++set) {
    const auto& p = internal::parameters_of(static_cast<SlhDsa>(set));
    for (const auto& provider : internal::providers()) {
      const SlhHash hash{p, Bytes(p.n(), 1), provider};
      const Bytes key = secret(p.n());
      Bytes out(35 * p.n());
      hash.randomizer(out.data(), key, Bytes(p.n(), 2), Bytes(100, 3));
      const std::vector<SlhAddress> addresses(35);
      const Bytes in = secret(35 * 2 * p.n());
      for (const std::size_t size : {p.n(), 2 * p.n()})
        hash.many(35, addresses.data(), in.data(), size, size, out.data());
    }
  }
}

/// What ought to be seen: counters are sought for what is public.
TEST(MemcheckSubject, ACounterIsSoughtForASecret) {
  const auto& p = internal::parameters_of(SlhDsa::compact_sha2);
  const SlhHash hash{p, Bytes(16, 1), internal::fastest_provider()};
  std::uint8_t counter[3];
  EXPECT_TRUE(internal::digits_to_sign(p, hash, {}, 0, secret(16).data(), counter).has_value());
}

TEST(ConstantTime, HashBasedSigningDecidesByNoSecret) {
  if (!testkit::memcheck_can_run()) GTEST_SKIP() << "valgrind not found, or sanitizers are on";
  EXPECT_EQ(testkit::run_under_memcheck("SignaturesAreMadeOfASecretSeed"), 0);
  EXPECT_EQ(testkit::run_under_memcheck("EverySetHashesSecrets"), 0);
}
TEST(ConstantTime, CompactSigningDecidesByNoSecret) {
  if (!testkit::memcheck_can_run()) GTEST_SKIP() << "valgrind not found, or sanitizers are on";
  if (std::getenv("WUSONG_QUICK") != nullptr) GTEST_SKIP() << "takes ten seconds";
  EXPECT_EQ(testkit::run_under_memcheck("CompactSignaturesAreMadeOfASecretSeed"), 0);
}
TEST(ConstantTime, ADecisionByASecretWouldBeSeen) {
  if (!testkit::memcheck_can_run()) GTEST_SKIP() << "valgrind not found, or sanitizers are on";
  EXPECT_EQ(testkit::run_under_memcheck("ACounterIsSoughtForASecret"), testkit::kMemcheckSaw);
}

}  // namespace
}  // namespace wusong::pq
