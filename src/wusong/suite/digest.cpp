// SPDX-License-Identifier: Apache-2.0
#include "wusong/suite/digest.hpp"

#include <openssl/evp.h>
#include <vector>

#include "wusong/hash/hash.hpp"
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

template <typename Digest>
Bytes end_to_end(void (*hash)(std::span<const BytesView>, std::span<Digest>) noexcept,
                 std::span<const BytesView> messages) {
  std::vector<Digest> digests(messages.size());
  hash(messages, digests);
  Bytes out;
  out.reserve(digests.size() * sizeof(Digest));
  for (const Digest& each : digests) append(out, BytesView{each});
  return out;
}

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

Result<Bytes> digest_batch(std::string_view name, std::span<const BytesView> messages) {
  WUSONG_TRY(const Scheme* const scheme, scheme_named(Kind::digest, name));
  if (scheme->family == internal::Family::keccak)
    return end_to_end(hash::keccak256_batch, messages);
  switch (scheme->set) {
    case 0:
      return end_to_end(hash::sha256_batch, messages);
    case 1:
      return end_to_end(hash::sha512_batch, messages);
    case 4:
      return end_to_end(hash::sm3_batch, messages);
    case 5:
      return end_to_end(hash::blake2b_batch, messages);
    case 6:
      return end_to_end(hash::ripemd160_batch, messages);
    default:
      break;
  }
  Bytes out;
  for (const BytesView each : messages) {
    WUSONG_TRY(const Bytes one, digest(name, each));
    append(out, one);
  }
  return out;
}

}  // namespace wusong::suite
