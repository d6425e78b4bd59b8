// SPDX-License-Identifier: Apache-2.0
// Precompiled contracts: which exist in a fork, what they cost, what they answer.
#pragma once

#include "wusong/base/bytes.hpp"
#include "wusong/vm/fork.hpp"
#include "wusong/vm/host.hpp"

namespace wusong::vm {

/// True where `address` is a precompile in `fork`: 0x01..0x09, Cancun 0x0a, Prague 0x0b..0x11,
/// Osaka 0x0100. The draft prague_2024_04 has other ones at 0x0b..0x13. Wusong's own, in every
/// fork: 0x5701, which checks a signature of any registered scheme (docs/contract-developers.md).
bool is_precompile(const Address& address, Fork fork) noexcept;

/// Runs it. A failure (bad input, too little gas) has no output and no gas left.
///
/// @pre    is_precompile(address, fork)
/// @source EIP-152, 196, 197, 198, 1108, 2565, 4844, 2537, 7823, 7883, 7951
CallResult run_precompile(const Address& address, BytesView input, std::int64_t gas, Fork fork);

/// "ecrecover" and so on, for traces; empty for any other address.
std::string_view precompile_name(const Address& address, Fork fork) noexcept;

}  // namespace wusong::vm
