// SPDX-License-Identifier: Apache-2.0
// Which kernels there are, and those that run everywhere.
#include "wusong/coding/internal/kernels.hpp"

#include "wusong/base/assert.hpp"
#include "wusong/coding/internal/kernel_loops.hpp"

namespace wusong::coding::internal {
namespace {

/// One symbol, or two of one byte, at a time.
template <std::size_t kBytes>
struct PortableLanes {
  static constexpr std::size_t kWidth = 1;
  static constexpr std::uint32_t kMatrixEncodesMax = 24;
  static constexpr std::uint32_t kMatrixCompletesMax = 64;
  static constexpr std::size_t kSymbolBytes = kBytes;
  static constexpr std::size_t kMultiplierBytes = 32 * kBytes * kBytes;
  struct Unit {
    std::uint8_t low;
    std::uint8_t high;
  };
  using Constant = const std::uint8_t*;

  static void prepare(Symbol constant, std::uint8_t* multiplier) noexcept {
    prepare_nibbles(constant, kBytes, multiplier);
  }
  static Constant constant(const std::uint8_t* multiplier) noexcept { return multiplier; }
  static Unit zero() noexcept { return {}; }
  static Unit load(const std::uint8_t* from) noexcept { return {from[0], from[kHalfBlock]}; }
  static void store(std::uint8_t* to, Unit unit) noexcept {
    to[0] = unit.low;
    to[kHalfBlock] = unit.high;
  }
  static Unit add(Unit a, Unit b) noexcept {
    return {static_cast<std::uint8_t>(a.low ^ b.low), static_cast<std::uint8_t>(a.high ^ b.high)};
  }
  static Unit multiply(Constant tables, Unit unit) noexcept {
    const std::size_t low = unit.low;
    const std::size_t high = unit.high;
    const std::size_t nibbles[4] = {low & 15, low >> 4, high & 15, high >> 4};
    Unit product{};
    if constexpr (kBytes == 1) {
      product.low = static_cast<std::uint8_t>(tables[nibbles[0]] ^ tables[16 + nibbles[1]]);
      product.high = static_cast<std::uint8_t>(tables[nibbles[2]] ^ tables[16 + nibbles[3]]);
    } else {
      for (std::size_t i = 0; i < 4; ++i) {
        product.low ^= tables[32 * i + nibbles[i]];
        product.high ^= tables[32 * i + 16 + nibbles[i]];
      }
    }
    return product;
  }
};

bool always() noexcept {
  return true;
}

}  // namespace

constinit const Kernels kPortableBytes = kernels_of<PortableLanes<1>>("portable", always);
constinit const Kernels kPortableWords = kernels_of<PortableLanes<2>>("portable", always);

void prepare_nibbles(Symbol constant, std::size_t symbol_bytes, std::uint8_t* tables) noexcept {
  const Field& field = Field::get();
  for (std::size_t nibble = 0; nibble < 2 * symbol_bytes; ++nibble) {
    std::uint8_t* table = tables + 16 * symbol_bytes * nibble;
    Symbol products[16] = {};
    for (std::size_t value = 1; value < 16; ++value) {
      const std::size_t lowest = value & (~value + 1);
      products[value] = lowest == value
                            ? field.multiply(constant, static_cast<Symbol>(value << (4 * nibble)))
                            : static_cast<Symbol>(products[lowest] ^ products[value - lowest]);
      for (std::size_t byte = 0; byte < symbol_bytes; ++byte)
        table[16 * byte + value] = static_cast<std::uint8_t>(products[value] >> (8 * byte));
    }
    for (std::size_t byte = 0; byte < symbol_bytes; ++byte) table[16 * byte] = 0;
  }
}

std::span<const Kernels> byte_kernels() noexcept {
  static const Kernels kAll[] = {
#if defined(__x86_64__)
      kGfniBytes, kAvx2Bytes,
#endif
      kPortableBytes};
  return kAll;
}

std::span<const Kernels> word_kernels() noexcept {
  static const Kernels kAll[] = {
#if defined(__x86_64__)
      kGfniWords, kAvx2Words,
#endif
      kPortableWords};
  return kAll;
}

const Kernels& best_of(std::span<const Kernels> kernels) noexcept {
  for (const Kernels& candidate : kernels)
    if (candidate.is_supported()) return candidate;
  return kernels.back();
}

}  // namespace wusong::coding::internal
