// SPDX-License-Identifier: Apache-2.0
// Property: a file that opens does so with its own password, and written anew opens to the same
// secret.
#include "wusong/base/assert.hpp"
#include "wusong/crypto/keystore.hpp"

namespace {

class ZeroEntropy final : public wusong::io::Entropy {
 public:
  void fill(std::span<std::uint8_t> out) noexcept override {
    std::ranges::fill(out, std::uint8_t{0});
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wusong::crypto;
  constexpr KeystoreLimits kCheap{
      .scrypt_work = 1 << 10, .pbkdf2_iterations = 1 << 10, .secret_size = 256};
  constexpr std::string_view kPassword = "p";
  const auto opened = decrypt_keystore(wusong::as_text({data, size}), kPassword, kCheap);
  if (!opened) return 0;
  ZeroEntropy entropy;
  const auto again =
      encrypt_keystore(opened->secret_key, kPassword, "", opened->scheme, {2, 1, 1}, entropy);
  const auto reopened = decrypt_keystore(again, kPassword, kCheap);
  WUSONG_ASSERT(reopened && reopened->secret_key == opened->secret_key);
  WUSONG_ASSERT(reopened->scheme == (opened->scheme.empty() ? "secp256k1" : opened->scheme));
  return 0;
}
