// SPDX-License-Identifier: Apache-2.0
// Where published vectors lie once ./test has unpacked them, and how many of them a test ran.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace wusong::testkit {

/// $WUSONG_VECTORS_UNPACKED/<relative>, or build/vectors/<relative> under the working directory.
inline std::filesystem::path vector_path(std::string_view relative) {
  const char* const root = std::getenv("WUSONG_VECTORS_UNPACKED");
  return std::filesystem::path{root != nullptr ? root : "build/vectors"} / relative;
}

/// The file's text, or nothing where there is no such file: then GTEST_SKIP() << "vectors not
/// found".
inline std::optional<std::string> read_vector(std::string_view relative) {
  std::ifstream file{vector_path(relative), std::ios::binary};
  if (!file) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>{file}, {}};
}

/// Tells ./test that this test stands for `cases` of a published source, such as "ethereum/tests
/// RLPTests". Before a skip, `cases` is how many there would have been. The last call counts.
inline void record_vectors(std::string_view source, std::size_t cases, std::size_t failures = 0) {
  testing::Test::RecordProperty("source", std::string{source});
  testing::Test::RecordProperty("vectors", std::to_string(cases));
  testing::Test::RecordProperty("vector_failures", std::to_string(failures));
}

/// WUSONG_QUICK=1: run a sample of large sets.
inline bool quick() {
  const char* const set = std::getenv("WUSONG_QUICK");
  return set != nullptr && *set != '\0' && *set != '0';
}

}  // namespace wusong::testkit
