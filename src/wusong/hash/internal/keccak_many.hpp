// SPDX-License-Identifier: Apache-2.0
// What each file of vectors offers to keccak_states.cpp.
#pragma once

#include "wusong/hash/keccak_states.hpp"

namespace wusong::hash::internal {

#if defined(__x86_64__)
extern const KeccakProvider kKeccakAvx512;
extern const KeccakProvider kKeccakAvx2;
#endif

}  // namespace wusong::hash::internal
