// SPDX-License-Identifier: Apache-2.0
// What a check found, and what to do about it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wusong::operate {

enum class Grade : std::uint8_t { ok, warn, fail };

struct Finding {
  std::string check;  // "disk space"
  Grade grade{Grade::ok};
  std::string what;  // as it is
  std::string mend;  // empty where all is well
};

std::string_view name_of(Grade grade) noexcept;

inline Finding well(std::string check, std::string what) {
  return {std::move(check), Grade::ok, std::move(what), {}};
}
inline Finding warning(std::string check, std::string what, std::string mend) {
  return {std::move(check), Grade::warn, std::move(what), std::move(mend)};
}
inline Finding fault(std::string check, std::string what, std::string mend) {
  return {std::move(check), Grade::fail, std::move(what), std::move(mend)};
}

}  // namespace wusong::operate
