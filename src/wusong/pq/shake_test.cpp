// SPDX-License-Identifier: Apache-2.0
#include "wusong/pq/shake.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "wusong/codec/hex.hpp"
#include "wusong/pq/internal/provider.hpp"
#include "wusong/pq/internal/shake_lanes.hpp"

namespace wusong::pq {
namespace {

Bytes sample(std::size_t size, std::uint8_t start) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(start + 31 * i + i / 7);
  return out;
}

Bytes by_libcrypto(const EVP_MD* algorithm, BytesView message, std::size_t size) {
  Bytes out(size);
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  EXPECT_EQ(EVP_DigestInit_ex(context, algorithm, nullptr), 1);
  EXPECT_EQ(EVP_DigestUpdate(context, message.data(), message.size()), 1);
  if ((EVP_MD_get_flags(algorithm) & EVP_MD_FLAG_XOF) != 0) {
    EXPECT_EQ(EVP_DigestFinalXOF(context, out.data(), size), 1);
  } else {
    EXPECT_EQ(EVP_DigestFinal_ex(context, out.data(), nullptr), 1);
  }
  EVP_MD_CTX_free(context);
  return out;
}

TEST(Sha3, TheEmptyMessageHasTheStandardsDigest) {
  EXPECT_EQ(codec::to_hex(sha3_256({})),
            codec::to_hex(*codec::from_hex(
                "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a")));
}

TEST(Sha3, AgreesWithLibcryptoAtEveryLengthOverTwoBlocks) {
  for (std::size_t size = 0; size < 400; ++size) {
    const Bytes message = sample(size, 5);
    EXPECT_TRUE(std::ranges::equal(sha3_256({message}), by_libcrypto(EVP_sha3_256(), message, 32)));
    EXPECT_TRUE(std::ranges::equal(sha3_512({message}), by_libcrypto(EVP_sha3_512(), message, 64)));
    Bytes narrow(size);
    Shake128{message}.squeeze(narrow);
    EXPECT_EQ(narrow, by_libcrypto(EVP_shake128(), message, size));
    Bytes wide(size);
    Shake256{message}.squeeze(wide);
    EXPECT_EQ(wide, by_libcrypto(EVP_shake256(), message, size));
  }
}

TEST(Shake, PartsGiveWhatTheWholeGives) {
  const Bytes message = sample(500, 1);
  Bytes whole(300);
  Shake256{message}.squeeze(whole);
  for (std::size_t cut = 0; cut <= message.size(); cut += 7) {
    Shake256 stream{BytesView{message}.first(cut), BytesView{message}.subspan(cut)};
    Bytes pieces(300);
    const std::size_t squeezed = cut % 300;
    stream.squeeze(std::span{pieces}.first(squeezed));
    stream.squeeze(std::span{pieces}.subspan(squeezed));
    EXPECT_EQ(pieces, whole);
  }
}

template <std::size_t kRate, typename Single>
void expect_lanes(const hash::KeccakProvider& keccak, std::size_t lanes, std::size_t size) {
  Bytes messages[internal::kLanesMax];
  BytesView views[internal::kLanesMax];
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    messages[lane] = sample(size, static_cast<std::uint8_t>(lane));
    views[lane] = messages[lane];
  }
  internal::ShakeLanes<kRate> streams{keccak, std::span{views, lanes}};
  Bytes out(internal::kLanesMax * 2 * kRate);
  streams.squeeze_block(out.data(), 2 * kRate);
  streams.squeeze_block(out.data() + kRate, 2 * kRate);
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    Bytes expected(2 * kRate);
    Single{views[lane]}.squeeze(expected);
    EXPECT_TRUE(std::ranges::equal(expected, BytesView{out}.subspan(lane * 2 * kRate, 2 * kRate)))
        << keccak.name << " lane " << lane << " of " << lanes << ", " << size << " bytes";
  }
}

TEST(ShakeLanes, EachLaneIsAStreamOfItsOwnWhateverTheirNumberAndLength) {
  for (const auto& provider : internal::providers()) {
    for (std::size_t lanes = 1; lanes <= internal::kLanesMax; ++lanes) {
      for (const std::size_t size : {0u, 1u, 8u, 33u, 66u, 135u, 136u, 137u, 167u, 168u, 340u}) {
        expect_lanes<Shake128::kRate, Shake128>(*provider.keccak, lanes, size);
        expect_lanes<Shake256::kRate, Shake256>(*provider.keccak, lanes, size);
      }
    }
  }
}

}  // namespace
}  // namespace wusong::pq
