// SPDX-License-Identifier: Apache-2.0
#include "wusong/coding/reed_solomon.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <random>
#include <string>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/coding/errors.hpp"
#include "wusong/coding/internal/coder.hpp"

namespace wusong::coding {
namespace {

using internal::kBlockBytes;
using internal::Kernels;
using internal::Symbol;
using Random = std::mt19937_64;
using Indexes = std::vector<std::uint16_t>;

/// A model that shares nothing with the module but the basis: polynomials over GF(2), by hand.
struct Model {
  std::vector<std::uint32_t> polynomial = std::vector<std::uint32_t>(65536);
  std::vector<Symbol> coordinates = std::vector<Symbol>(65536);

  Model() {
    for (std::uint32_t i = 1; i < 65536; ++i) {
      const std::uint32_t highest = std::bit_floor(i);
      const auto top = static_cast<std::size_t>(std::countr_zero(highest));
      polynomial[i] = polynomial[i ^ highest] ^ internal::kCantorBasis[top];
      coordinates[polynomial[i]] = static_cast<Symbol>(i);
    }
  }
  Symbol multiply(Symbol a, Symbol b) const {
    std::uint64_t product = 0;
    for (int i = 0; i < 16; ++i)
      if ((polynomial[b] >> i) & 1) product ^= std::uint64_t{polynomial[a]} << i;
    for (int i = 31; i >= 16; --i)
      if ((product >> i) & 1) product ^= std::uint64_t{internal::kModulus} << (i - 16);
    return coordinates[product];
  }
  Symbol inverse(Symbol a) const {
    Symbol result = 1;  // a^(2^16 - 2)
    for (int i = 0; i < 15; ++i) {
      a = multiply(a, a);
      result = multiply(result, a);
    }
    return result;
  }
  /// The value at `x` of the polynomial through (i, data[i]). @source Lagrange
  Symbol value_at(Symbol x, const std::vector<Symbol>& data) const {
    Symbol sum = 0;
    for (std::size_t i = 0; i < data.size(); ++i) {
      Symbol numerator = data[i];
      Symbol denominator = 1;
      for (std::size_t j = 0; j < data.size(); ++j) {
        if (i == j) continue;
        numerator = multiply(numerator, static_cast<Symbol>(x ^ j));
        denominator = multiply(denominator, static_cast<Symbol>(i ^ j));
      }
      sum ^= multiply(numerator, inverse(denominator));
    }
    return sum;
  }
};

const Model& model() {
  static const Model kModel;
  return kModel;
}

struct Named {
  std::string name;
  Kernels kernels;
};
/// Everything that can compute the code here. @shape of symbols of one size
std::vector<Named> methods(std::size_t symbol_bytes) {
  std::vector<Named> out;
  for (Kernels kernels : symbol_bytes == 1 ? internal::byte_kernels() : internal::word_kernels()) {
    if (!kernels.is_supported()) continue;
    kernels.matrix_encodes_max = kernels.matrix_completes_max = 0;
    out.push_back({std::string{kernels.name} + ", transform", kernels});
    kernels.matrix_encodes_max = kernels.matrix_completes_max = 64;
    out.push_back({std::string{kernels.name} + ", matrix", kernels});
  }
  return out;
}

Bytes random_bytes(std::size_t size, Random& random) {
  Bytes out(size);
  for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(random());
  return out;
}

Symbol symbol_at(const Bytes& fragments, std::size_t start, std::size_t i, std::size_t bytes) {
  if (bytes == 1) return fragments[start + i];
  const std::size_t at = start + i / 64 * kBlockBytes + i % 64;
  return static_cast<Symbol>(fragments[at] | fragments[at + 64] << 8);
}

void expect_model(const Bytes& fragments, Shape shape, std::size_t symbol_bytes,
                  std::size_t symbols, const std::string& what) {
  const std::size_t size = fragments.size() / shape.total;
  for (std::size_t at = 0; at < symbols; ++at) {
    std::vector<Symbol> data;
    for (std::size_t i = 0; i < shape.needed; ++i)
      data.push_back(symbol_at(fragments, i * size, at, symbol_bytes));
    const std::uint32_t step = 1 + (shape.total - shape.needed) / 8;
    for (std::uint32_t i = shape.needed; i < shape.total; i += step) {
      ASSERT_EQ(symbol_at(fragments, i * size, at, symbol_bytes),
                model().value_at(static_cast<Symbol>(i), data))
          << what << ", " << shape.needed << " of " << shape.total << ", fragment " << i;
    }
  }
}

/// Encodes, then completes from `known` with everything else overwritten.
void expect_completion(const ReedSolomon& code, const Bytes& encoded, const Indexes& known,
                       const std::string& what) {
  const std::size_t size = encoded.size() / code.shape().total;
  Bytes damaged(encoded.size(), 0xa5);
  for (const std::uint16_t i : known)
    std::copy_n(encoded.data() + i * size, size, damaged.data() + i * size);
  ASSERT_TRUE(code.complete(damaged, known)) << what;
  ASSERT_TRUE(damaged == encoded) << what << ", " << code.shape().needed << " of "
                                  << code.shape().total;
}

Indexes random_indexes(Shape shape, Random& random) {
  Indexes all(shape.total);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint16_t>(i);
  std::shuffle(all.begin(), all.end(), random);
  all.resize(shape.needed);
  std::sort(all.begin(), all.end());
  return all;
}

TEST(Field, IsWrittenInACantorBasisAndBytesAreASubfield) {
  const internal::Field& field = internal::Field::get();
  for (int i = 0; i < 15; ++i) {
    const auto next = static_cast<Symbol>(2u << i);
    EXPECT_EQ(model().multiply(next, next) ^ next, 1 << i);
  }
  for (std::uint32_t a = 0; a < 256; ++a) {
    for (std::uint32_t b = 0; b < 256; ++b) {
      const Symbol product = field.multiply(static_cast<Symbol>(a), static_cast<Symbol>(b));
      ASSERT_LT(product, 256);
      ASSERT_EQ(product, model().multiply(static_cast<Symbol>(a), static_cast<Symbol>(b)));
    }
  }
  Random random{1};
  for (int i = 0; i < 10'000; ++i) {
    const auto a = static_cast<Symbol>(random());
    const auto b = static_cast<Symbol>(random());
    ASSERT_EQ(field.multiply(a, b), model().multiply(a, b));
  }
}

TEST(Kernels, MultiplyAsTheModelDoes) {
  Random random{2};
  for (const std::size_t symbol_bytes : {1u, 2u}) {
    for (const auto& [name, kernels] : methods(symbol_bytes)) {
      for (int round = 0; round < 300; ++round) {
        const auto constant =
            static_cast<Symbol>(symbol_bytes == 1 ? round % 256 : random() >> (random() % 16));
        internal::Multipliers multipliers{kernels, 1};
        multipliers.set(0, constant);
        const Bytes from = random_bytes(kBlockBytes, random);
        Bytes to(kBlockBytes);
        kernels.multiply(to.data(), from.data(), kBlockBytes, multipliers[0]);
        for (std::size_t i = 0; i < kBlockBytes / symbol_bytes; ++i) {
          ASSERT_EQ(symbol_at(to, 0, i, symbol_bytes),
                    model().multiply(constant, symbol_at(from, 0, i, symbol_bytes)))
              << name;
        }
      }
    }
  }
}

TEST(ReedSolomon, EverySmallCodeIsTheModelsAndCompletesFromEveryChoiceOfFragments) {
  Random random{3};
  for (const std::size_t symbol_bytes : {1u, 2u}) {
    for (const auto& [name, kernels] : methods(symbol_bytes)) {
      for (std::uint32_t total = 1; total <= 9; ++total) {
        for (std::uint32_t needed = 1; needed <= total; ++needed) {
          const auto code = ReedSolomon::create({.total = total, .needed = needed}, kernels);
          ASSERT_TRUE(code);
          Bytes encoded = random_bytes(total * kBlockBytes, random);
          ASSERT_TRUE(code->encode(encoded));
          expect_model(encoded, code->shape(), symbol_bytes, 4, name);
          for (std::uint32_t pattern = 0; pattern < (1u << total); ++pattern) {
            if (static_cast<std::uint32_t>(std::popcount(pattern)) != needed) continue;
            Indexes known;
            for (std::uint32_t i = 0; i < total; ++i)
              if ((pattern >> i) & 1) known.push_back(static_cast<std::uint16_t>(i));
            expect_completion(*code, encoded, known, name);
          }
        }
      }
    }
  }
}

TEST(ReedSolomon, EveryMethodGivesTheSameFragmentsAtEveryShapeOfUpTo64) {
  Random random{4};
  for (std::uint32_t total = 10; total <= 64; ++total) {
    for (std::uint32_t needed = 1; needed <= total;
         needed += 1 + static_cast<std::uint32_t>(random() % 7)) {
      const Shape shape{.total = total, .needed = needed};
      const Bytes data = random_bytes(total * kBlockBytes * 2, random);
      Bytes first;
      for (const auto& [name, kernels] : methods(1)) {
        const auto code = ReedSolomon::create(shape, kernels);
        Bytes encoded = data;
        ASSERT_TRUE(code->encode(encoded));
        if (first.empty()) first = encoded;
        ASSERT_TRUE(first == encoded) << name << ", " << needed << " of " << total;
        expect_completion(*code, encoded, random_indexes(shape, random), name);
      }
      expect_model(first, shape, 1, 1, "first");
    }
  }
}

TEST(ReedSolomon, LargeCodesAreTheModelsAndCompleteFromRandomFragments) {
  Random random{5};
  const Shape shapes[] = {
      {100, 34},   {255, 85},    {255, 254},  {256, 86},   {256, 1},     {257, 86},
      {257, 256},  {400, 399},   {512, 171},  {513, 172},  {1000, 334},  {1000, 667},
      {1000, 512}, {1000, 1000}, {2000, 667}, {4097, 100}, {65535, 300}, {65535, 21845},
  };
  for (const Shape shape : shapes) {
    const std::size_t symbol_bytes = shape.total <= kByteFragmentsMax ? 1 : 2;
    const Bytes data = random_bytes(std::size_t{shape.total} * kBlockBytes, random);
    const Indexes known = random_indexes(shape, random);
    Bytes first;
    for (const auto& [name, kernels] : methods(symbol_bytes)) {
      if (name.ends_with("matrix") || (shape.total > 5000 && name.starts_with("portable")))
        continue;
      const auto code = ReedSolomon::create(shape, kernels);
      Bytes encoded = data;
      ASSERT_TRUE(code->encode(encoded));
      if (first.empty()) first = encoded;
      ASSERT_TRUE(first == encoded) << name << ", " << shape.needed << " of " << shape.total;
      expect_completion(*code, encoded, known, name);
    }
    if (shape.total > 600) continue;
    expect_model(first, shape, symbol_bytes, 1, "first");
  }
}

TEST(ReedSolomon, AThousandFragmentsAgreeWithTheModelWhereItIsAsked) {
  Random random{6};
  const Shape shape = Shape::for_validators(1000);
  ASSERT_EQ(shape, (Shape{.total = 1000, .needed = 334}));
  const auto code = ReedSolomon::create(shape);
  Bytes encoded = random_bytes(1000 * kBlockBytes, random);
  ASSERT_TRUE(code->encode(encoded));
  std::vector<Symbol> data;
  for (std::size_t i = 0; i < 334; ++i) data.push_back(symbol_at(encoded, i * kBlockBytes, 63, 2));
  for (const std::uint32_t i : {334u, 511u, 512u, 777u, 999u})
    EXPECT_EQ(symbol_at(encoded, i * kBlockBytes, 63, 2),
              model().value_at(static_cast<Symbol>(i), data));
}

TEST(ReedSolomon, FragmentsOfManySizesAreAsTheirBlocks) {
  Random random{7};
  for (const Shape shape : {Shape{4, 2}, Shape{100, 34}, Shape{300, 100}}) {
    const auto code = ReedSolomon::create(shape);
    const std::size_t blocks = 37;
    Bytes whole = random_bytes(shape.total * blocks * kBlockBytes, random);
    const Bytes before = whole;
    ASSERT_TRUE(code->encode(whole));
    for (std::size_t block = 0; block < blocks; ++block) {
      const auto part = [&](const Bytes& from) {
        Bytes out;
        for (std::size_t i = 0; i < shape.total; ++i)
          append(out, BytesView{from}.subspan((i * blocks + block) * kBlockBytes, kBlockBytes));
        return out;
      };
      Bytes alone = part(before);
      ASSERT_TRUE(code->encode(alone));
      ASSERT_TRUE(alone == part(whole)) << shape.total << ", block " << block;
    }
  }
}

TEST(ReedSolomon, WrongShapesSizesCountsAndIndexesAreRefused) {
  for (const Shape shape : {Shape{0, 0}, Shape{4, 0}, Shape{4, 5}, Shape{65536, 2}})
    EXPECT_EQ(ReedSolomon::create(shape).error(), Error{err::bad_shape});
  EXPECT_TRUE(ReedSolomon::create({kFragmentsMax, kFragmentsMax}));

  const auto code = ReedSolomon::create({.total = 4, .needed = 2});
  Bytes fragments(4 * kBlockBytes);
  for (const std::size_t size : {0u, 4u, 128u, 508u, 516u, 640u, 768u}) {
    Bytes wrong(size);
    EXPECT_EQ(code->encode(wrong).error(), Error{err::bad_size}) << size;
  }
  const auto error_of = [&](const Indexes& known) {
    return code->complete(fragments, known).error();
  };
  EXPECT_EQ(error_of({}), Error{err::wrong_count});
  EXPECT_EQ(error_of({1}), Error{err::wrong_count});
  EXPECT_EQ(error_of({1, 2, 3}), Error{err::wrong_count});
  EXPECT_EQ(error_of({1, 4}), Error{err::bad_index});
  EXPECT_EQ(error_of({1, 1}), Error{err::bad_index});
  EXPECT_EQ(error_of({2, 1}), Error{err::bad_index});
}

}  // namespace
}  // namespace wusong::coding
