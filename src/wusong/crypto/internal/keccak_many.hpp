// SPDX-License-Identifier: Apache-2.0
// What each file of vectors offers to keccak_states.cpp.
#pragma once

#include "wusong/crypto/keccak_states.hpp"

namespace wusong::crypto::internal {

#if defined(__x86_64__)
extern const KeccakProvider kKeccakAvx512;
extern const KeccakProvider kKeccakAvx2;
#endif

}  // namespace wusong::crypto::internal
