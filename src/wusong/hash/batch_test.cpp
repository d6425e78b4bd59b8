// SPDX-License-Identifier: Apache-2.0
// Many messages at once, of all hash functions, on every kernel.
#include "wusong/hash/internal/batch.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "wusong/base/processor.hpp"
#include "wusong/hash/sha2_states.hpp"

namespace wusong::hash::internal {
namespace {

/// By OpenSSL, one after the other, where it has the function.
template <typename H>
struct Peer {
  static constexpr const char* kName = nullptr;
  static Hash one(BytesView data) { return keccak256(data); }
  static constexpr auto kMany = keccak256_batch;
};
template <>
struct Peer<Sm3> {
  static constexpr const char* kName = "SM3";
  static Hash one(BytesView data) { return sm3(data); }
  static constexpr auto kMany = sm3_batch;
};
template <>
struct Peer<Sha256> {
  static constexpr const char* kName = "SHA256";
  static Hash one(BytesView data) { return sha256(data); }
  static constexpr auto kMany = sha256_batch;
};
template <>
struct Peer<Sha512> {
  static constexpr const char* kName = "SHA512";
  static Digest512 one(BytesView data) { return sha512(data); }
  static constexpr auto kMany = sha512_batch;
};
template <>
struct Peer<Blake2b> {
  static constexpr const char* kName = "BLAKE2B-512";
  static Digest512 one(BytesView data) { return blake2b(data); }
  static constexpr auto kMany = blake2b_batch;
};
template <>
struct Peer<Ripemd160> {
  static constexpr const char* kName = "RIPEMD160";
  static Address one(BytesView data) { return ripemd160(data); }
  static constexpr auto kMany = ripemd160_batch;
};

template <typename H>
typename H::Digest expected_of(BytesView data) {
  if (Peer<H>::kName == nullptr) return Peer<H>::one(data);
  typename H::Digest out;
  EXPECT_EQ(
      EVP_Q_digest(nullptr, Peer<H>::kName, nullptr, data.data(), data.size(), out.data(), nullptr),
      1);
  return out;
}

Bytes pattern(std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i)
    out[i] = static_cast<std::uint8_t>(i * 131 + (i >> 8) * 17 + 7);
  return out;
}

/// All lengths over four blocks of any function, neighbours of other numbers of blocks; and a few
/// that outlast a whole batch of the others.
std::vector<BytesView> mixed(BytesView data) {
  std::vector<BytesView> out;
  for (std::size_t size = 0; size < 549; ++size) {
    out.push_back(data.first(size * 71 % 549));
    if (size % 137 == 5) out.push_back(data.subspan(size));
  }
  return out;
}

template <typename H>
class ManyHashes : public testing::Test {};
using All = testing::Types<Sm3, Sha256, Sha512, Blake2b, Ripemd160, Keccak256>;
TYPED_TEST_SUITE(ManyHashes, All);

TYPED_TEST(ManyHashes, AreOpenSslsOneByOneAtEveryLength) {
  const Bytes data = pattern(9000);
  const std::vector<BytesView> messages = mixed(data);
  std::vector<typename TypeParam::Digest> out(messages.size());
  Peer<TypeParam>::kMany(messages, out);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    ASSERT_EQ(out[i], expected_of<TypeParam>(messages[i])) << messages[i].size();
    ASSERT_EQ(Peer<TypeParam>::one(messages[i]), out[i]) << messages[i].size();
  }
}

TYPED_TEST(ManyHashes, AreTheSameOnEveryKernelWhateverTheirNumber) {
  const Bytes data = pattern(3000);
  const std::vector<BytesView> messages = mixed(data);
  std::vector<typename TypeParam::Digest> expected;
  for (const BytesView each : messages) expected.push_back(expected_of<TypeParam>(each));
  for (const auto& wide : kernels_of<TypeParam>()) {
    for (const auto& rest : kernels_of<TypeParam>()) {
      if (!wide.is_supported() || !rest.is_supported() || rest.lanes > 2) continue;
      for (std::size_t count = 0; count <= messages.size(); count += count < 40 ? 1 : 97) {
        const auto some = std::span{messages}.last(count);
        std::vector<typename TypeParam::Digest> out(count);
        Batch<TypeParam>{some, out}.hash(wide, rest);
        for (std::size_t i = 0; i < count; ++i)
          ASSERT_EQ(out[i], expected[messages.size() - count + i])
              << wide.name << ", " << rest.name << ", " << count << ": " << some[i].size();
      }
    }
  }
}

TYPED_TEST(ManyHashes, WithoutExtensionsThePlainKernelAloneIsThere) {
  const auto all = kernels_of<TypeParam>();
  for (const auto& each : all.first(all.size() - 1))
    EXPECT_TRUE(may_use_extensions() || !each.is_supported()) << each.name;
  EXPECT_TRUE(all.back().is_supported());
  EXPECT_EQ(all.back().lanes, 1u);
}

/// One block each, padded by hand: the states are the digests.
template <typename H>
void check_states(auto compress, const char* name) {
  const Bytes data = pattern(40 * H::kBlock);
  for (std::size_t count = 0; count <= 40; ++count) {
    for (std::size_t blocks = 1; blocks <= 2; ++blocks) {
      Bytes messages;
      std::vector<typename H::Digest> expected;
      for (std::size_t i = 0; i < count; ++i) {
        const BytesView message = BytesView{data}.subspan(i, (blocks - 1) * H::kBlock + 20 + i % 8);
        expected.push_back(expected_of<H>(message));
        Tail<H> tail;
        tail.set(message, message.size());
        append(messages, message.first(tail.whole * H::kBlock));
        append(messages, {tail.bytes, tail.blocks * H::kBlock});
      }
      std::vector<typename H::Digest> out(count);
      compress(H::kStart.data(), messages.data(), blocks, count,
               reinterpret_cast<std::uint8_t*>(out.data()));
      ASSERT_EQ(out, expected) << name << ' ' << count;
    }
  }
}

TEST(Sha2States, OfEveryProviderAreTheStandards) {
  for (const Sha2Provider& provider : sha2_providers()) {
    if (!provider.is_supported()) continue;
    check_states<Sha256>(provider.sha256, provider.name);
    check_states<Sha512>(provider.sha512, provider.name);
  }
}

}  // namespace
}  // namespace wusong::hash::internal
