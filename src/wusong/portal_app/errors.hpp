// SPDX-License-Identifier: Apache-2.0
// The program reports as `wusong` does: with the rows of `apps`, and what a person should mend.
#pragma once

#include "wusong/apps/errors.hpp"

namespace wusong::portal_app {

namespace err = apps::err;
using apps::Failure;
using apps::failure;
using apps::Outcome;

}  // namespace wusong::portal_app
