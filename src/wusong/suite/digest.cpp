// SPDX-License-Identifier: Apache-2.0
#include "wusong/suite/digest.hpp"

#include <openssl/evp.h>

#include "wusong/pq/shake.hpp"
#include "wusong/suite/errors.hpp"

namespace wusong::suite {
namespace {

struct Keccak final : Digest::State {
  void add(BytesView bytes) override { sponge.absorb(bytes); }
  Bytes finish() override { return to_bytes(sponge.squeeze<32>()); }
  pq::Sponge<136, 0x01> sponge;
};

class Libcrypto final : public Digest::State {
 public:
  explicit Libcrypto(const Scheme& scheme) : size_{scheme.result}, context_{EVP_MD_CTX_new()} {
    constexpr const char* kNames[] = {"SHA256", "SHA512",      "SHA3-256", "SHA3-512",
                                      "SM3",    "BLAKE2B-512", "RIPEMD160"};
    std::unique_ptr<EVP_MD, Free> kind{EVP_MD_fetch(nullptr, kNames[scheme.set], nullptr)};
    WUSONG_ASSERT(kind != nullptr && context_ != nullptr);
    WUSONG_ASSERT(EVP_DigestInit_ex(context_.get(), kind.get(), nullptr) == 1);
  }
  void add(BytesView bytes) override {
    WUSONG_ASSERT(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
  }
  Bytes finish() override {
    Bytes out(size_);
    WUSONG_ASSERT(EVP_DigestFinal_ex(context_.get(), out.data(), nullptr) == 1);
    return out;
  }

 private:
  struct Free {
    void operator()(EVP_MD* kind) const noexcept { EVP_MD_free(kind); }
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  };
  std::size_t size_;
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace

Result<Digest> Digest::create(std::string_view name) {
  WUSONG_TRY(const Scheme* const scheme, scheme_named(Kind::digest, name));
  if (scheme->family == internal::Family::keccak) return Digest{std::make_unique<Keccak>()};
  return Digest{std::make_unique<Libcrypto>(*scheme)};
}
void Digest::add(BytesView bytes) {
  state_->add(bytes);
}
Bytes Digest::finish() {
  return state_->finish();
}

Result<Bytes> digest(std::string_view name, BytesView message) {
  WUSONG_TRY(Digest of, Digest::create(name));
  of.add(message);
  return of.finish();
}

}  // namespace wusong::suite
