// SPDX-License-Identifier: Apache-2.0
#include "wusong/cipher/cipher.hpp"

#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "wusong/cipher/internal/mode.hpp"

namespace wusong::cipher {
namespace internal {
namespace {

const Provider* forced_provider = nullptr;

const Provider& choose() noexcept {
  const char* const wanted = std::getenv("WUSONG_CIPHER_PROVIDER");
  const Provider* fastest = nullptr;
  for (const Provider* const each : providers()) {
    if (!each->is_supported()) continue;
    if (wanted != nullptr && std::string_view{wanted} == each->name) return *each;
    if (fastest == nullptr) fastest = each;
  }
  return *fastest;
}

const Kernels& kernels_for(const Provider& provider, Cipher cipher) noexcept {
  if (cipher == Cipher::sm4) return provider.sm4;
  return cipher == Cipher::aes128 ? provider.aes128 : provider.aes256;
}

}  // namespace

void wipe(void* bytes, std::size_t count) noexcept {
  if (count == 0) return;
  std::memset(bytes, 0, count);
  asm volatile("" : : "r"(bytes) : "memory");
}

std::span<const Provider* const> providers() noexcept {
  static constexpr std::array kAll{
#if defined(__x86_64__)
      &kAvx512, &kAesNi,
#endif
      &kPortable};
  return kAll;
}

const Provider& provider() noexcept {
  static const Provider& chosen = choose();
  return forced_provider != nullptr ? *forced_provider : chosen;
}

void force_provider(const Provider* forced) noexcept {
  forced_provider = forced;
}

Result<void> check_output(BytesView in, std::span<std::uint8_t> out,
                          std::size_t expected) noexcept {
  if (out.size() != expected) return fail(err::bad_output_length);
  if (in.empty() || out.empty() || in.data() == out.data()) return {};
  const auto from = reinterpret_cast<std::uintptr_t>(in.data());
  const auto to = reinterpret_cast<std::uintptr_t>(out.data());
  if (from < to + out.size() && to < from + in.size()) return fail(err::overlapping_buffers);
  return {};
}

bool is_equal(const std::uint8_t* a, const std::uint8_t* b, std::size_t count) noexcept {
  unsigned difference = 0;
  for (std::size_t i = 0; i < count; ++i) {
    difference |= static_cast<unsigned>(a[i] ^ b[i]);
    asm volatile("" : "+r"(difference));  // no early end
  }
  return difference == 0;
}

Number load_number(const std::uint8_t* block) noexcept {
  std::uint64_t words[2];
  std::memcpy(words, block, sizeof(words));
  return static_cast<Number>(std::byteswap(words[0])) << 64 | std::byteswap(words[1]);
}

void store_number(std::uint8_t* block, Number number) noexcept {
  const std::uint64_t words[2] = {std::byteswap(static_cast<std::uint64_t>(number >> 64)),
                                  std::byteswap(static_cast<std::uint64_t>(number))};
  std::memcpy(block, words, sizeof(words));
}

Counter to_counter(Number number) noexcept {
  Counter counter;
  store_number(counter.fixed, number);
  counter.next = static_cast<std::uint32_t>(number);
  return counter;
}

void count_from(const ExpandedKey& key, Number first, const std::uint8_t* in, std::uint8_t* out,
                std::size_t bytes) noexcept {
  while (bytes != 0) {
    Counter counter = to_counter(first);
    const std::uint64_t before_carry = (std::uint64_t{1} << 32) - counter.next;
    const std::size_t now = std::min<std::uint64_t>(bytes, before_carry * kBlock);
    key.kernels().count(key.schedule(), counter, in, out, now);
    first += before_carry;
    in += now;
    out += now;
    bytes -= now;
  }
}

}  // namespace internal

std::size_t key_bytes(Cipher cipher) noexcept {
  return cipher == Cipher::aes256 ? 32 : 16;
}

ExpandedKey::ExpandedKey(Cipher cipher, BytesView key) noexcept
    : provider_{&internal::provider()}, kernels_{&internal::kernels_for(*provider_, cipher)} {
  WUSONG_ASSERT(key.size() == key_bytes(cipher));
  kernels_->expand(key.data(), schedule_);
}

}  // namespace wusong::cipher
