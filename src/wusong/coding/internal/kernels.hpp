// SPDX-License-Identifier: Apache-2.0
// Arithmetic on rows of symbols: what a processor is asked to do fast.
//
// A row is a multiple of kBlockBytes. Where symbols are bytes, each byte is one. Where they are
// words, byte i of a block's first half and byte i of its second are the low and the high half of
// one. A constant is a *multiplier*: bytes that only its kernels understand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "wusong/coding/internal/field.hpp"

namespace wusong::coding::internal {

inline constexpr std::size_t kBlockBytes = 128;
struct alignas(64) Block {
  std::uint8_t bytes[kBlockBytes];
};

/// A sum of products: `out[j] = sum of multipliers[j * in.size() + i] * in[i]`.
struct Combination {
  std::span<const std::uint8_t* const> in;
  std::span<std::uint8_t* const> out;
  const std::uint8_t* multipliers;
};

/// Rows do not overlap. `bytes` is the size of each and a multiple of kBlockBytes.
struct Kernels {
  std::string_view name;
  bool (*is_supported)() noexcept;  // by this machine
  std::size_t symbol_bytes;         // 1 or 2
  std::size_t multiplier_bytes;
  /// Up to so many fragments a matrix is faster than a transform (`coding_bench`, ADR 0010).
  std::uint32_t matrix_encodes_max;
  std::uint32_t matrix_completes_max;
  void (*prepare)(Symbol constant, std::uint8_t* multiplier) noexcept;

  /// x += y
  void (*add)(std::uint8_t* x, const std::uint8_t* y, std::size_t bytes) noexcept;
  /// x = m y
  void (*multiply)(std::uint8_t* x, const std::uint8_t* y, std::size_t bytes,
                   const std::uint8_t* m) noexcept;
  /// x += m y
  void (*multiply_add)(std::uint8_t* x, const std::uint8_t* y, std::size_t bytes,
                       const std::uint8_t* m) noexcept;
  /// A step of a transform on two rows laid end to end: x += m y, y += x.
  /// @shape `from` is where they are now: `rows` itself, or elsewhere
  void (*forward)(std::uint8_t* rows, const std::uint8_t* from, std::size_t bytes,
                  const std::uint8_t* m) noexcept;
  /// Two steps on four rows: `m[0]` for (0,2) and (1,3), then `m[1]` for (0,1) and `m[2]` for
  /// (2,3).
  void (*forward4)(std::uint8_t* rows, const std::uint8_t* from, std::size_t bytes,
                   const std::uint8_t* const m[3]) noexcept;
  /// They undo these.
  void (*inverse)(std::uint8_t* rows, std::size_t bytes, const std::uint8_t* m) noexcept;
  void (*inverse4)(std::uint8_t* rows, std::size_t bytes, const std::uint8_t* const m[3]) noexcept;
  /// On four rows: 0 += 1 + 2, 1 += 3, 2 += 3.
  void (*derive4)(std::uint8_t* rows, std::size_t bytes) noexcept;
  void (*combine)(const Combination& combination, std::size_t bytes) noexcept;
};

/// The fastest first; the last of each kind runs everywhere.
std::span<const Kernels> byte_kernels() noexcept;
std::span<const Kernels> word_kernels() noexcept;
/// The first that this machine supports.
const Kernels& best_of(std::span<const Kernels> kernels) noexcept;

/// Many multipliers of one kind.
class Multipliers {
 public:
  Multipliers(const Kernels& kernels, std::size_t count)
      : prepare_{kernels.prepare},
        bytes_{kernels.multiplier_bytes},
        storage_((count * kernels.multiplier_bytes + kBlockBytes - 1) / kBlockBytes) {}

  void set(std::size_t index, Symbol constant) noexcept {
    prepare_(constant, storage_.data()->bytes + index * bytes_);
  }
  const std::uint8_t* operator[](std::size_t index) const noexcept {
    return storage_.data()->bytes + index * bytes_;
  }

 private:
  void (*prepare_)(Symbol constant, std::uint8_t* multiplier) noexcept;
  std::size_t bytes_;
  std::vector<Block> storage_;
};

// Providers; those of other machines' instructions are found where they can be compiled.
extern const Kernels kPortableBytes;
extern const Kernels kPortableWords;
#if defined(__x86_64__)
extern const Kernels kAvx2Bytes;
extern const Kernels kAvx2Words;
extern const Kernels kGfniBytes;
extern const Kernels kGfniWords;
#endif

/// Products with each value of each four bits of a symbol. @shape nibble, then byte of the product,
/// then value: 2 x 1 x 16 for bytes, 4 x 2 x 16 for words
void prepare_nibbles(Symbol constant, std::size_t symbol_bytes, std::uint8_t* tables) noexcept;

}  // namespace wusong::coding::internal
