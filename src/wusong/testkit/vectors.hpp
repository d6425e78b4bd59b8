// SPDX-License-Identifier: Apache-2.0
// Where published vectors lie once ./test has unpacked them.
#pragma once

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

}  // namespace wusong::testkit
