// SPDX-License-Identifier: Apache-2.0
#include "wusong/node/vote_guard.hpp"

#include "wusong/base/defect.hpp"

namespace wusong::node {

// Here and not in the header: only some who include it are built with defects.
bool VoteGuard::lifted() const noexcept {
  return lifted_ || has_defect(Defect::votes_lost_no_wait);
}

}  // namespace wusong::node
