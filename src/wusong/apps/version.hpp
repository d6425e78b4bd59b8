// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace wusong::apps {

inline constexpr const char* kVersion = "0.1.0";

/// `wusong version`. @return 0
int show_version(bool json);

}  // namespace wusong::apps
