// SPDX-License-Identifier: Apache-2.0
// A harvest reports as `wusong` does: with the rows of `apps`, and what a person should mend.
#pragma once

#include "wusong/apps/errors.hpp"

namespace wusong::harvest {

namespace err = apps::err;
using apps::Failure;
using apps::failure;
using apps::Outcome;

}  // namespace wusong::harvest
