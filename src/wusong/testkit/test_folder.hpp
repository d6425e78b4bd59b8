// SPDX-License-Identifier: Apache-2.0
// A folder that a test may fill; it goes with the test.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "wusong/base/assert.hpp"

namespace wusong::testkit {

class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "wusong-test-XXXXXX").string();
    WUSONG_ASSERT(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace wusong::testkit
