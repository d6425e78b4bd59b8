// SPDX-License-Identifier: Apache-2.0
#include "wusong/vm/precompiles.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>

#include "wusong/crypto/signature.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/math/uint256.hpp"
#include "wusong/pairing/pairing.hpp"
#include "wusong/vm/fork_table.hpp"
#include "wusong/vm/internal/bls_discounts.hpp"

namespace wusong::vm {
namespace {

using Gas = std::int64_t;
using Answer = std::optional<Bytes>;  // nothing: failed
constexpr Gas kTooMuch = std::numeric_limits<Gas>::max();
constexpr std::uint16_t kP256 = 0x100;
constexpr std::uint16_t kSignature = 0x5701;

Gas words(BytesView input) noexcept {
  return static_cast<Gas>((input.size() + 31) / 32);
}

/// 32 bytes at `offset`, zeros beyond the input's end.
U256 word_at(BytesView input, std::size_t offset) noexcept {
  std::uint8_t word[32]{};
  if (offset < input.size())
    std::memcpy(word, input.data() + offset, std::min<std::size_t>(32, input.size() - offset));
  return load_be(word);
}

template <std::size_t N>
std::array<std::uint8_t, N> padded(BytesView input) noexcept {
  std::array<std::uint8_t, N> out{};
  if (!input.empty()) std::memcpy(out.data(), input.data(), std::min(N, input.size()));
  return out;
}

template <typename T>
Answer answer_of(const Result<T>& result) {
  if (!result) return std::nullopt;
  return Bytes(result->begin(), result->end());
}

Bytes word_bytes(const U256& value) {
  return to_bytes(to_hash(value));
}

Answer ecrecover(BytesView input, Fork) {
  const auto data = padded<128>(input);
  const BytesView view{data};
  const U256 v = word_at(view, 32);
  if (v != U256{27} && v != U256{28}) return Bytes{};
  const auto address = crypto::ecdsa_recover(Hash::from(view.first(32)),
                                             {.r = word_at(view, 64),
                                              .s = word_at(view, 96),
                                              .y_parity = static_cast<std::uint8_t>(v.low() - 27)});
  if (!address) return Bytes{};
  return word_bytes(to_u256(*address));
}

Answer sha256(BytesView input, Fork) {
  return to_bytes(hash::sha256(input));
}

Answer ripemd160(BytesView input, Fork) {
  return word_bytes(to_u256(hash::ripemd160(input)));
}

Answer identity(BytesView input, Fork) {
  return to_bytes(input);
}

/// The three lengths at the head of MODEXP's input, and the head of the exponent.
struct ModexpHeader {
  U256 base_size;
  U256 exponent_size;
  U256 modulus_size;
  U256 exponent_head;  // its first 32 bytes, as a number
};

ModexpHeader modexp_header(BytesView input) noexcept {
  ModexpHeader header{word_at(input, 0), word_at(input, 32), word_at(input, 64), {}};
  const std::uint64_t base_size = header.base_size.saturated();
  if (base_size >= input.size()) return header;  // and so beyond the input's end
  const auto head_size =
      static_cast<unsigned>(header.exponent_size < U256{32} ? header.exponent_size.low() : 32);
  header.exponent_head = word_at(input, 96 + base_size) >> (256 - 8 * head_size);
  return header;
}

Gas modexp_gas(BytesView input, Fork fork) {
  using Wide = unsigned __int128;
  const bool bounded = rules_of(fork).has_bounded_modexp;
  const ModexpHeader header = modexp_header(input);
  const U256& longer =
      header.base_size > header.modulus_size ? header.base_size : header.modulus_size;
  constexpr U256 kBoundedMax{1024};
  if (bounded && (longer > kBoundedMax || header.exponent_size > kBoundedMax)) return kTooMuch;
  if (longer.saturated() > 0xffffffff) return kTooMuch;

  const Wide size_words = (longer.low() + 7) / 8;
  Wide complexity = size_words * size_words;
  if (bounded) complexity = longer.low() <= 32 ? 16 : 2 * complexity;

  const unsigned head_bits = header.exponent_head.bit_width();
  Wide iterations = head_bits > 0 ? head_bits - 1 : 0;
  if (header.exponent_size > U256{32}) {
    const std::uint64_t rest =
        std::min<std::uint64_t>(header.exponent_size.saturated(), 1ull << 60) - 32;
    iterations += static_cast<Wide>(bounded ? 16 : 8) * rest;
  }
  const Wide cost = complexity * std::max<Wide>(iterations, 1) / (bounded ? 1 : 3);
  const Wide least = bounded ? 500 : 200;
  if (cost > static_cast<Wide>(kTooMuch)) return kTooMuch;
  return static_cast<Gas>(std::max(cost, least));
}

Answer modexp(BytesView input, Fork) {
  const ModexpHeader header = modexp_header(input);
  const std::size_t modulus_size = header.modulus_size.low();
  if (modulus_size == 0) return Bytes{};
  const std::size_t base_size = header.base_size.low();
  const std::size_t exponent_size = header.exponent_size.low();
  // Zeros follow the input's end; paid gas bounds all three sizes here.
  Bytes data(base_size + exponent_size + modulus_size);
  if (input.size() > 96)
    std::memcpy(data.data(), input.data() + 96, std::min(data.size(), input.size() - 96));
  const BytesView view{data};
  return pairing::modexp(view.first(base_size), view.subspan(base_size, exponent_size),
                         view.last(modulus_size));
}

Answer bn254_add(BytesView input, Fork) {
  return answer_of(pairing::bn254_add(padded<128>(input)));
}

Answer bn254_mul(BytesView input, Fork) {
  return answer_of(pairing::bn254_mul(padded<96>(input)));
}

Answer bn254_pairing(BytesView input, Fork) {
  if (input.size() % 192 != 0) return std::nullopt;
  const auto is_one = pairing::bn254_pairing(input);
  if (!is_one) return std::nullopt;
  return word_bytes(U256{*is_one ? 1u : 0u});
}

/// @shape rounds (4, big-endian), h (64), m (128), t (16), final flag (1) @source EIP-152
constexpr std::size_t kBlakeInput = 213;

Gas blake2f_gas(BytesView input, Fork) {
  if (input.size() != kBlakeInput) return kTooMuch;
  return static_cast<Gas>(word_at(input, 0).limb[3] >> 32);
}

Answer blake2f(BytesView input, Fork) {
  if (input.size() != kBlakeInput || input[212] > 1) return std::nullopt;
  std::array<std::uint64_t, 8> h;
  std::array<std::uint64_t, 16> m;
  std::array<std::uint64_t, 2> t;
  std::memcpy(h.data(), input.data() + 4, 64);  // little-endian, as are we
  std::memcpy(m.data(), input.data() + 68, 128);
  std::memcpy(t.data(), input.data() + 196, 16);
  const auto rounds = static_cast<std::uint32_t>(word_at(input, 0).limb[3] >> 32);
  hash::blake2b_compress(rounds, h, m, t, input[212] == 1);
  Bytes out(64);
  std::memcpy(out.data(), h.data(), 64);
  return out;
}

Answer point_evaluation(BytesView input, Fork) {
  if (!pairing::kzg_point_evaluation(input)) return std::nullopt;
  Bytes out = word_bytes(U256{4096});  // field elements per blob
  append(out, to_hash(U256{0xffffffff00000001, 0x53bda402fffe5bfe, 0x3339d80809a1d805,
                           0x73eda753299d7d48}));  // the order of BLS12-381's groups
  return out;
}

template <auto kFunction>
Answer bls(BytesView input, Fork) {
  return answer_of(kFunction(input));
}

/// The draft's multiplication of one point: an MSM of exactly one pair. Like that it checks the
/// subgroup, as the draft asked from 24 April 2024 on.
template <auto kMsm, std::size_t kItem>
Answer bls_mul(BytesView input, Fork fork) {
  if (input.size() != kItem) return std::nullopt;
  return bls<kMsm>(input, fork);
}

Answer bls_pairing(BytesView input, Fork) {
  const auto is_one = pairing::bls12_381_pairing(input);
  if (!is_one) return std::nullopt;
  return word_bytes(U256{*is_one ? 1u : 0u});
}

template <Gas kEach, std::size_t kItem, const std::array<std::uint16_t, 128>& kDiscounts>
Gas msm_gas(BytesView input, Fork) {
  const std::size_t count = input.size() / kItem;
  if (count == 0) return 0;  // and fails
  const Gas discount = kDiscounts[std::min<std::size_t>(count, 128) - 1];
  return static_cast<Gas>(count) * kEach * discount / 1000;
}

Answer p256_verify(BytesView input, Fork) {
  if (input.size() != 160) return Bytes{};
  const bool valid =
      crypto::p256_verify(Hash::from(input.first(32)), word_at(input, 32), word_at(input, 64),
                          word_at(input, 96), word_at(input, 128));
  return valid ? word_bytes(U256{1}) : Bytes{};
}

/// @shape scheme u8 || public key || signature || message
Answer signature_verify(BytesView input, Fork) {
  const auto* scheme = input.empty() ? nullptr : crypto::find_scheme(input[0]);
  if (scheme == nullptr) return Bytes{};
  const std::size_t message_at = 1 + scheme->public_key_size + scheme->signature_size;
  if (input.size() < message_at) return Bytes{};
  const BytesView key = input.subspan(1, scheme->public_key_size);
  const BytesView signature = input.subspan(1 + key.size(), scheme->signature_size);
  const bool valid =
      crypto::verify(scheme->scheme, key, input.subspan(message_at), signature).has_value();
  return valid ? word_bytes(U256{1}) : Bytes{};
}

template <Gas kGas>
Gas fixed(BytesView, Fork) {
  return kGas;
}
template <Gas kBase, Gas kWord>
Gas by_words(BytesView input, Fork) {
  return kBase + kWord * words(input);
}
template <Gas kBase, Gas kPair, std::size_t kItem>
Gas by_pairs(BytesView input, Fork) {
  return kBase + kPair * static_cast<Gas>(input.size() / kItem);
}

struct Precompile {
  std::string_view name;
  Gas (*gas)(BytesView, Fork);
  Answer (*run)(BytesView, Fork);
};

using internal::kG1Discounts;
using internal::kG2Discounts;
constexpr std::array<Precompile, 0x11> kAdopted{{
    {"ecrecover", fixed<3000>, ecrecover},
    {"sha256", by_words<60, 12>, sha256},
    {"ripemd160", by_words<600, 120>, ripemd160},
    {"identity", by_words<15, 3>, identity},
    {"modexp", modexp_gas, modexp},
    {"bn254_add", fixed<150>, bn254_add},
    {"bn254_mul", fixed<6000>, bn254_mul},
    {"bn254_pairing", by_pairs<45000, 34000, 192>, bn254_pairing},
    {"blake2f", blake2f_gas, blake2f},
    {"kzg_point_evaluation", fixed<50000>, point_evaluation},
    {"bls12_381_g1_add", fixed<375>, bls<pairing::bls12_381_g1_add>},
    {"bls12_381_g1_msm", msm_gas<12000, 160, kG1Discounts>, bls<pairing::bls12_381_g1_msm>},
    {"bls12_381_g2_add", fixed<600>, bls<pairing::bls12_381_g2_add>},
    {"bls12_381_g2_msm", msm_gas<22500, 288, kG2Discounts>, bls<pairing::bls12_381_g2_msm>},
    {"bls12_381_pairing", by_pairs<37700, 32600, 384>, bls_pairing},
    {"bls12_381_map_fp_to_g1", fixed<5500>, bls<pairing::bls12_381_map_fp_to_g1>},
    {"bls12_381_map_fp2_to_g2", fixed<23800>, bls<pairing::bls12_381_map_fp2_to_g2>},
}};

/// Those from 0x0b on as EIP-2537 had them in April 2024; the ones before are kAdopted's.
using internal::kDraftDiscounts;
constexpr std::array<Precompile, 9> kDraft{{
    {"bls12_381_g1_add", fixed<500>, bls<pairing::bls12_381_g1_add>},
    {"bls12_381_g1_mul", fixed<12000>, bls_mul<pairing::bls12_381_g1_msm, 160>},
    {"bls12_381_g1_msm", msm_gas<12000, 160, kDraftDiscounts>, bls<pairing::bls12_381_g1_msm>},
    {"bls12_381_g2_add", fixed<800>, bls<pairing::bls12_381_g2_add>},
    {"bls12_381_g2_mul", fixed<45000>, bls_mul<pairing::bls12_381_g2_msm, 288>},
    {"bls12_381_g2_msm", msm_gas<45000, 288, kDraftDiscounts>, bls<pairing::bls12_381_g2_msm>},
    {"bls12_381_pairing", by_pairs<65000, 43000, 384>, bls_pairing},
    {"bls12_381_map_fp_to_g1", fixed<5500>, bls<pairing::bls12_381_map_fp_to_g1>},
    {"bls12_381_map_fp2_to_g2", fixed<75000>, bls<pairing::bls12_381_map_fp2_to_g2>},
}};
constexpr std::uint16_t kDraftFirst = 0x0b;
constexpr Precompile kP256Verify{"p256_verify", fixed<6900>, p256_verify};
constexpr Precompile kSignatureVerify{"signature_verify", by_words<9000, 12>, signature_verify};

/// The address as a number, 0 where it is larger than any precompile's.
std::uint16_t number_of(const Address& address) noexcept {
  for (std::size_t i = 0; i < 18; ++i)
    if (address.bytes[i] != 0) return 0;
  return static_cast<std::uint16_t>(address.bytes[18] << 8 | address.bytes[19]);
}

const Precompile* find(const Address& address, Fork fork) noexcept {
  const std::uint16_t number = number_of(address);
  const ForkRules& rules = rules_of(fork);
  if (number == kP256 && rules.has_p256) return &kP256Verify;
  if (number == kSignature) return &kSignatureVerify;
  if (number == 0 || number > rules.last_precompile) return nullptr;
  if (rules.precompiles == PrecompileSet::draft_2024_04 && number >= kDraftFirst)
    return &kDraft[number - kDraftFirst];
  return &kAdopted[number - 1u];
}

}  // namespace

bool is_precompile(const Address& address, Fork fork) noexcept {
  return find(address, fork) != nullptr;
}

CallResult run_precompile(const Address& address, BytesView input, std::int64_t gas, Fork fork) {
  const Precompile* const precompile = find(address, fork);
  WUSONG_ASSERT(precompile != nullptr);
  CallResult result;
  const Gas cost = precompile->gas(input, fork);
  if (cost > gas || cost == kTooMuch) {
    result.status = cost == kTooMuch ? Status::precompile_failure : Status::out_of_gas;
    return result;
  }
  auto answer = precompile->run(input, fork);
  if (!answer) {
    result.status = Status::precompile_failure;
    return result;
  }
  result.gas_left = gas - cost;
  result.output = std::move(*answer);
  return result;
}

std::string_view precompile_name(const Address& address, Fork fork) noexcept {
  const Precompile* const precompile = find(address, fork);
  return precompile != nullptr ? precompile->name : std::string_view{};
}

}  // namespace wusong::vm
