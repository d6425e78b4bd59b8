// SPDX-License-Identifier: Apache-2.0
#include "wusong/vm/precompiles.hpp"

#include <gtest/gtest.h>

#include "wusong/crypto/signature.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/vm/internal/test_host.hpp"

namespace wusong::vm {
namespace {

using internal::make_address;

constexpr std::int64_t kGas = 10'000'000;

Bytes hex(std::string_view text) {
  Bytes out;
  const auto digit = [](char c) {
    return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
  };
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    out.push_back(static_cast<std::uint8_t>(digit(text[i]) << 4 | digit(text[i + 1])));
  return out;
}
Bytes zeros(std::size_t count) {
  return Bytes(count);
}
Bytes joined(std::initializer_list<BytesView> parts) {
  Bytes out;
  for (const BytesView part : parts) append(out, part);
  return out;
}
Bytes number(std::uint64_t value) {
  return to_bytes(to_hash(U256{value}));
}

CallResult run(std::uint64_t address, BytesView input, Fork fork = Fork::osaka,
               std::int64_t gas = kGas) {
  return run_precompile(make_address(address), input, gas, fork);
}
std::int64_t cost(std::uint64_t address, BytesView input, Fork fork = Fork::osaka) {
  const auto result = run(address, input, fork);
  EXPECT_EQ(result.status, Status::success) << address;
  return kGas - result.gas_left;
}
bool fails(std::uint64_t address, BytesView input, Fork fork = Fork::osaka) {
  const auto result = run(address, input, fork);
  return result.status != Status::success && result.gas_left == 0 && result.output.empty();
}

TEST(Precompiles, ExistByFork) {
  const auto count = [](Fork fork) {
    int found = 0;
    for (std::uint64_t i = 0; i < 0x1000; ++i)
      found += is_precompile(make_address(i), fork) ? 1 : 0;
    return found;
  };
  EXPECT_EQ(count(Fork::berlin), 9);
  EXPECT_EQ(count(Fork::cancun), 10);
  EXPECT_EQ(count(Fork::prague_2024_04), 19);
  EXPECT_EQ(count(Fork::prague), 17);
  EXPECT_EQ(count(Fork::osaka), 18);
  EXPECT_TRUE(is_precompile(make_address(0x100), Fork::osaka));
  EXPECT_FALSE(is_precompile(make_address(0x10001), Fork::osaka));
  EXPECT_FALSE(is_precompile(make_address(0), Fork::osaka));
}

TEST(Precompiles, EcrecoverFindsTheSignerOrNothing) {
  const auto input =
      joined({hex("456e9aea5e197a1f1af7a3e85a3212fa4049a3ba34c2289b4c860fc0b0c64ef3"), number(28),
              hex("9242685bf161793cc25603c231bc2f568eb630ea16aa137d2664ac8038825608"),
              hex("4f8ae3bd7535248d0bd448298cc2e2071e56992d0774dc340c368ae950852ada")});
  EXPECT_EQ(run(1, input).output,
            hex("0000000000000000000000007156526fbd7a3c72969b54f64e42c10fbb768c8a"));
  EXPECT_EQ(cost(1, input), 3000);
  auto wrong = input;
  wrong[63] = 29;
  EXPECT_EQ(run(1, wrong).status, Status::success);
  EXPECT_TRUE(run(1, wrong).output.empty());
  EXPECT_TRUE(run(1, {}).output.empty());
  EXPECT_EQ(run(1, input, Fork::osaka, 2999).status, Status::out_of_gas);
}

TEST(Precompiles, HashesChargeByTheWord) {
  EXPECT_EQ(run(2, {}).output,
            hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
  EXPECT_EQ(run(3, {}).output,
            hex("0000000000000000000000009c1185a5c5e9fc54612808977ee8f548b2258d31"));
  EXPECT_EQ(run(4, hex("010203")).output, hex("010203"));
  EXPECT_EQ(cost(2, zeros(33)), 60 + 2 * 12);
  EXPECT_EQ(cost(3, zeros(33)), 600 + 2 * 120);
  EXPECT_EQ(cost(4, zeros(33)), 15 + 2 * 3);
}

Bytes modexp_input(std::uint64_t b, std::uint64_t e, std::uint64_t m, BytesView rest) {
  return joined({number(b), number(e), number(m), rest});
}

TEST(Precompiles, ModexpIsPricedByFork) {
  const auto small = modexp_input(1, 1, 1, hex("030205"));
  EXPECT_EQ(run(5, small).output, hex("04"));
  EXPECT_EQ(cost(5, small, Fork::berlin), 200);
  EXPECT_EQ(cost(5, small), 500);
  // The first example of EIP-198: 3^(p-1) mod p for secp256k1's p.
  const auto fermat =
      modexp_input(1, 32, 32,
                   hex("03fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2e"
                       "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f"));
  EXPECT_EQ(run(5, fermat).output, number(1));
  EXPECT_EQ(cost(5, fermat, Fork::prague), 1360);  // EIP-2565
  EXPECT_EQ(cost(5, fermat), 4080);                // EIP-7883
  EXPECT_EQ(run(5, {}).output, Bytes{});
  EXPECT_EQ(run(5, modexp_input(0, 0, 2, hex("0000"))).output, zeros(2));
}

TEST(Precompiles, ModexpIsBoundedFromOsaka) {
  EXPECT_EQ(run(5, modexp_input(0, 0, 1024, {})).status, Status::success);
  EXPECT_TRUE(fails(5, modexp_input(0, 0, 1025, {})));
  EXPECT_TRUE(fails(5, modexp_input(1025, 0, 1, {})));
  EXPECT_TRUE(fails(5, modexp_input(0, 1025, 1, {})));
  EXPECT_FALSE(fails(5, modexp_input(0, 0, 1025, {}), Fork::prague));
  // Lengths beyond any memory: too dear, or nothing to do.
  const Bytes huge(96, 0xff);
  EXPECT_TRUE(fails(5, huge, Fork::prague));
  Bytes only_exponent = zeros(96);
  std::fill(only_exponent.begin() + 32, only_exponent.begin() + 64, std::uint8_t{0xff});
  EXPECT_EQ(cost(5, only_exponent, Fork::prague), 200);
}

TEST(Precompiles, Bn254ChecksItsPoints) {
  EXPECT_EQ(run(6, {}).output, zeros(64));
  EXPECT_EQ(cost(6, {}), 150);
  const auto two = joined({number(1), number(2), number(2)});
  const auto sum = joined({number(1), number(2), number(1), number(2)});
  EXPECT_EQ(run(7, two).output, run(6, sum).output);
  EXPECT_EQ(cost(7, two), 6000);
  EXPECT_TRUE(fails(6, joined({number(1), number(1)})));
  EXPECT_EQ(run(8, {}).output, number(1));
  EXPECT_EQ(cost(8, {}), 45000);
  EXPECT_EQ(cost(8, zeros(192)), 45000 + 34000);
  EXPECT_TRUE(fails(8, zeros(191)));
}

TEST(Precompiles, Blake2fCountsRounds) {
  // EIP-152, test vector 5.
  auto input = hex(
      "0000000c48c9bdf267e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5d182e6ad7f520e511f6c"
      "3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b616263");
  input.resize(196);
  append(input, hex("0300000000000000000000000000000001"));
  EXPECT_EQ(run(9, input).output,
            hex("ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
                "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"));
  EXPECT_EQ(cost(9, input), 12);
  input[212] = 2;
  EXPECT_TRUE(fails(9, input));
  input.pop_back();
  EXPECT_TRUE(fails(9, input));
}

TEST(Precompiles, PointEvaluationAcceptsTheZeroPolynomial) {
  Bytes infinity = zeros(48);
  infinity[0] = 0xc0;
  Bytes versioned = to_bytes(hash::sha256(infinity));
  versioned[0] = 1;
  const auto input = joined({versioned, number(5), number(0), infinity, infinity});
  EXPECT_EQ(run(10, input).output,
            joined({number(4096),
                    hex("73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001")}));
  EXPECT_EQ(cost(10, input), 50000);
  EXPECT_TRUE(fails(10, joined({versioned, number(5), number(1), infinity, infinity})));
  EXPECT_TRUE(fails(10, joined({number(5), number(5), number(0), infinity, infinity})));
  EXPECT_TRUE(fails(10, {}));
}

TEST(Precompiles, Bls12IsPricedWithDiscounts) {
  EXPECT_EQ(run(0x0b, zeros(256)).output, zeros(128));
  EXPECT_EQ(cost(0x0b, zeros(256)), 375);
  EXPECT_EQ(cost(0x0c, zeros(160)), 12000);
  EXPECT_EQ(cost(0x0c, zeros(160 * 2)), 2 * 12000 * 949 / 1000);
  EXPECT_EQ(cost(0x0c, zeros(160 * 128)), 128 * 12000 * 519 / 1000);
  EXPECT_EQ(cost(0x0c, zeros(160 * 130)), 130 * 12000 * 519 / 1000);
  EXPECT_EQ(cost(0x0d, zeros(512)), 600);
  EXPECT_EQ(cost(0x0e, zeros(288)), 22500);
  EXPECT_EQ(cost(0x0e, zeros(288 * 3)), 3 * 22500 * 923 / 1000);
  EXPECT_EQ(cost(0x0f, zeros(384 * 2)), 37700 + 2 * 32600);
  EXPECT_EQ(cost(0x10, zeros(64)), 5500);
  EXPECT_EQ(cost(0x11, zeros(128)), 23800);
  for (std::uint64_t address = 0x0b; address <= 0x11; ++address) {
    EXPECT_TRUE(fails(address, {})) << address;
    EXPECT_TRUE(fails(address, zeros(161))) << address;
  }
}

TEST(Precompiles, TheDraftOfBls12HasItsOwnAddressesAndPrices) {
  constexpr Fork kDraft = Fork::prague_2024_04;
  EXPECT_EQ(cost(0x0b, zeros(256), kDraft), 500);
  EXPECT_EQ(cost(0x0c, zeros(160), kDraft), 12000);
  EXPECT_EQ(cost(0x0d, zeros(160), kDraft), 14400);
  EXPECT_EQ(cost(0x0d, zeros(160 * 2), kDraft), 2 * 12000 * 888 / 1000);
  EXPECT_EQ(cost(0x0d, zeros(160 * 130), kDraft), 130 * 12000 * 174 / 1000);
  EXPECT_EQ(cost(0x0e, zeros(512), kDraft), 800);
  EXPECT_EQ(cost(0x0f, zeros(288), kDraft), 45000);
  EXPECT_EQ(cost(0x10, zeros(288), kDraft), 54000);
  EXPECT_EQ(cost(0x11, zeros(384 * 2), kDraft), 65000 + 2 * 43000);
  EXPECT_EQ(cost(0x12, zeros(64), kDraft), 5500);
  EXPECT_EQ(cost(0x13, zeros(128), kDraft), 75000);
  EXPECT_EQ(run(0x12, zeros(64), kDraft).output, run(0x10, zeros(64)).output);
  EXPECT_EQ(run(0x13, zeros(128), kDraft).output, run(0x11, zeros(128)).output);
  // One point is multiplied, not two.
  EXPECT_TRUE(fails(0x0c, zeros(160 * 2), kDraft));
  EXPECT_TRUE(fails(0x0f, zeros(288 * 2), kDraft));
  for (std::uint64_t address = 0x0b; address <= 0x13; ++address) {
    EXPECT_TRUE(fails(address, {}, kDraft)) << address;
    EXPECT_TRUE(fails(address, zeros(161), kDraft)) << address;
  }
}

TEST(Precompiles, P256AnswersOneOrNothing) {
  const auto input =
      hex("4cee90eb86eaa050036147a12d49004b6b9c72bd725d39d4785011fe190f0b4d"
          "a73bd4903f0ce3b639bbbf6e8e80d16931ff4bcf5993d58468e8fb19086e8cac"
          "36dbcd03009df8c59286b162af3bd7fcc0450c9aa81be5d10d312af6c66b1d60"
          "4aebd3099c618202fcfe16ae7770b0c49ab5eadf74b754204a3bb6060e44eff3"
          "7618b065f9832de4ca6ca971a7a1adc826d0f7c00181a5fb2ddf79ae00b4e10e");
  EXPECT_EQ(run(0x100, input).output, number(1));
  EXPECT_EQ(cost(0x100, input), 6900);
  auto wrong = input;
  wrong[0] ^= 1;
  EXPECT_EQ(run(0x100, wrong).status, Status::success);
  EXPECT_TRUE(run(0x100, wrong).output.empty());
  EXPECT_EQ(cost(0x100, {}), 6900);
}

TEST(Precompiles, SignaturesOfEverySchemeAreChecked) {
  const Bytes message{1, 2, 3};
  for (const crypto::SchemeInfo& info : crypto::scheme_table()) {
    const auto signer = *crypto::make_signer(info.scheme, Bytes(info.secret_key_size, 5));
    Bytes input{static_cast<std::uint8_t>(info.scheme)};
    append(input, signer->public_key());
    append(input, signer->sign(message));
    append(input, message);
    EXPECT_EQ(run(0x5701, input).output, number(1)) << info.name;
    EXPECT_EQ(cost(0x5701, input), 9000 + 12 * static_cast<std::int64_t>((input.size() + 31) / 32));
    Bytes other = input;
    other.back() ^= 1;
    EXPECT_EQ(run(0x5701, other).output, Bytes{}) << info.name;
    other = input;
    other[0] = 9;  // no such scheme
    EXPECT_EQ(run(0x5701, other).output, Bytes{});
    other.resize(info.public_key_size);
    EXPECT_EQ(run(0x5701, other).output, Bytes{});
  }
  EXPECT_EQ(run(0x5701, {}).output, Bytes{});
}

TEST(Precompiles, HaveNames) {
  EXPECT_EQ(precompile_name(make_address(0x5701), Fork::berlin), "signature_verify");
  EXPECT_EQ(precompile_name(make_address(1), Fork::berlin), "ecrecover");
  EXPECT_EQ(precompile_name(make_address(0x100), Fork::osaka), "p256_verify");
  EXPECT_EQ(precompile_name(make_address(0x100), Fork::prague), "");
  EXPECT_EQ(precompile_name(make_address(0x0c), Fork::prague), "bls12_381_g1_msm");
  EXPECT_EQ(precompile_name(make_address(0x0c), Fork::prague_2024_04), "bls12_381_g1_mul");
  EXPECT_EQ(precompile_name(make_address(0x12), Fork::osaka), "");
}

}  // namespace
}  // namespace wusong::vm
