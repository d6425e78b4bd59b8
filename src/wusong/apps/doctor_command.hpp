// SPDX-License-Identifier: Apache-2.0
// `wusong doctor`: what is wrong with a node and its machine, and how to mend it.
#pragma once

#include <filesystem>

namespace wusong::apps {

struct Doctor {
  std::filesystem::path config;          // one node, or where empty
  std::filesystem::path folder{"data"};  // all of a network on this machine
  bool json{false};
};
/// @return 0 when no finding is a failure; warnings do not count
int doctor(const Doctor& options);

}  // namespace wusong::apps
