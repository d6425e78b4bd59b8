// SPDX-License-Identifier: Apache-2.0
// Whether code may ask for instructions beyond those that everything was built for.
#pragma once

namespace wusong {

/// Not where the environment has WUSONG_PORTABLE: then the plain code of every engine runs, which
/// is what a machine without these instructions does. Decided once.
bool may_use_extensions() noexcept;

}  // namespace wusong
