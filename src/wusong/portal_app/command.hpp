// SPDX-License-Identifier: Apache-2.0
// The command line of `wusong-portal`.
#pragma once

#include <string>
#include <vector>

namespace wusong::portal_app {

/// Parses and runs. @return 0 done, 1 failed, 2 the arguments make no sense
int run_portal_cli(const std::vector<std::string>& arguments);

}  // namespace wusong::portal_app
