// SPDX-License-Identifier: Apache-2.0
// No branch and no address depends on what is hashed: every kernel that memcheck can run. Valgrind
// knows no AVX-512, but the rounds are one source for all lanes, whose operations are single
// instructions there.
#include "wusong/hash/internal/batch.hpp"
#include "wusong/testkit/memcheck.hpp"

namespace wusong::hash::internal {
namespace {

template <typename H>
void hash_secrets() {
  const Bytes secret(3000, 1);
  VALGRIND_MAKE_MEM_UNDEFINED(secret.data(), secret.size());
  std::vector<BytesView> messages;
  for (std::size_t i = 0; i < 20; ++i)
    messages.push_back(BytesView{secret}.subspan(i, i * 57 % 400));
  messages.emplace_back(secret);
  for (const auto& wide : kernels_of<H>()) {
    if (!wide.is_supported()) continue;
    std::vector<typename H::Digest> out(messages.size());
    Batch<H>{messages, out}.hash(wide, kernels_of<H>().back());
    VALGRIND_MAKE_MEM_DEFINED(out.data(), out.size() * sizeof(out[0]));
    EXPECT_NE(out.front(), typename H::Digest{}) << wide.name;
    EXPECT_NE(out.back(), typename H::Digest{}) << wide.name;
  }
}

TEST(MemcheckSubject, HashingRunsOnSecrets) {
  hash_secrets<Sm3>();
  hash_secrets<Sha256>();
  hash_secrets<Sha512>();
  hash_secrets<Blake2b>();
  hash_secrets<Ripemd160>();
  hash_secrets<Keccak256>();
}

TEST(ConstantTime, HashingDecidesNothingByWhatIsHashed) {
  if (!testkit::memcheck_can_run()) GTEST_SKIP() << "valgrind not found, or sanitizers are on";
  EXPECT_EQ(testkit::run_under_memcheck("HashingRunsOnSecrets"), 0);
}

}  // namespace
}  // namespace wusong::hash::internal
