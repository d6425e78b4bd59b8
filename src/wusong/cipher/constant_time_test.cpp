// SPDX-License-Identifier: Apache-2.0
// No branch and no address depends on a secret: memcheck watches while keys and texts count as
// uninitialised memory, so that whatever decides by them is an error. The test runs itself under
// valgrind, which knows no AVX-512: the widest provider is constant in time by construction, as it
// is the same loops around instructions without look-ups.
#include "wusong/cipher/internal/mode.hpp"
#include "wusong/cipher/internal/test_providers.hpp"
#include "wusong/testkit/memcheck.hpp"

namespace wusong::cipher {
namespace {

using internal::for_each_provider;

Bytes secret(std::size_t count) {
  Bytes out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::uint8_t>(31 * i + 7);
  VALGRIND_MAKE_MEM_UNDEFINED(out.data(), out.size());
  return out;
}
void publish(Bytes& bytes) {
  VALGRIND_MAKE_MEM_DEFINED(bytes.data(), bytes.size());
}

/// As Gcm::open and Ccm::open up to where the verdict is known, which is public.
bool is_equal_secret(const Bytes& a, const Bytes& b) {
  bool is_equal = internal::is_equal(a.data(), b.data(), a.size());
  VALGRIND_MAKE_MEM_DEFINED(&is_equal, sizeof(is_equal));
  return is_equal;
}

void run_authenticated(const auto& mode, const Bytes& text) {
  const Bytes nonce(12, 1);
  const Bytes associated(50, 2);
  Bytes sealed(text.size() + 16);
  const auto done = mode.seal({.nonce = nonce, .associated = associated}, text, sealed);
  publish(sealed);
  EXPECT_TRUE(done.has_value());
}

void run_everything(Cipher cipher, std::size_t length) {
  const Bytes text = secret(length);
  const Bytes key = secret(key_bytes(cipher));
  Bytes out(length);
  EXPECT_TRUE(Ctr::create(cipher, key)->apply({}, 5, text, out));
  run_authenticated(*Gcm::create(cipher, key), text);
  run_authenticated(*Ccm::create(cipher, key), text);

  const ExpandedKey expanded{cipher, key};
  Bytes hashed = secret(16);
  Bytes sum(16);
  internal::HashKey hash_key;
  expanded.provider().expand_hash_key(hashed.data(), hash_key);
  internal::Counter counter{};
  expanded.kernels().open(expanded.schedule(), hash_key, counter, sum.data(), text.data(),
                          out.data(), length);
  EXPECT_TRUE(is_equal_secret(sum, sum));
  EXPECT_FALSE(is_equal_secret(sum, hashed));

  if (length < kXtsDataUnitMin) return;
  // That the two halves differ is a verdict about the key, told to whoever brings it.
  Bytes both = secret(2 * key_bytes(cipher));
  publish(both);
  const auto xts = Xts::create(cipher, both, TweakOrder::gbt17964);
  EXPECT_TRUE(xts->encrypt({}, text, out));
  EXPECT_TRUE(xts->decrypt({}, out, out));
}

TEST(MemcheckSubject, EverythingRunsOnSecrets) {
  for_each_provider([] {
    for (const Cipher cipher : internal::kCiphers) {
      for (const std::size_t length : {5, 16, 100, 1030, 1400}) run_everything(cipher, length);
    }
  });
}

/// What ought to be seen: a harness that sees nothing would look as good without it.
TEST(MemcheckSubject, ATableIsReadAtASecret) {
  static const Bytes kTable(256, 1);
  const Bytes index = secret(1);
  const volatile std::uint8_t found = kTable.data()[index[0]];
  (void)found;
}

TEST(ConstantTime, NothingDecidesByKeysOrTexts) {
  if (!testkit::memcheck_can_run()) GTEST_SKIP() << "valgrind not found, or sanitizers are on";
  EXPECT_EQ(testkit::run_under_memcheck("EverythingRunsOnSecrets"), 0);
}
TEST(ConstantTime, ALookUpByASecretWouldBeSeen) {
  if (!testkit::memcheck_can_run()) GTEST_SKIP() << "valgrind not found, or sanitizers are on";
  EXPECT_EQ(testkit::run_under_memcheck("ATableIsReadAtASecret"), testkit::kMemcheckSaw);
}

}  // namespace
}  // namespace wusong::cipher
