// SPDX-License-Identifier: Apache-2.0
// The emulator module's error table: 3600–3699.
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::emulator::err {

inline constexpr ErrorInfo no_tun{3600, Disposition::reject, "emulator.no_tun"};
inline constexpr ErrorInfo tun_denied{3601, Disposition::reject, "emulator.tun_denied"};
inline constexpr ErrorInfo no_namespaces{3602, Disposition::reject, "emulator.no_namespaces"};
inline constexpr ErrorInfo interface_failed{3603, Disposition::reject, "emulator.interface_failed"};
inline constexpr ErrorInfo powers_kept{3604, Disposition::reject, "emulator.powers_kept"};
inline constexpr ErrorInfo not_running{3605, Disposition::retry, "emulator.not_running"};
inline constexpr ErrorInfo bad_request{3606, Disposition::reject, "emulator.bad_request"};
inline constexpr ErrorInfo unknown_node{3607, Disposition::reject, "emulator.unknown_node"};
inline constexpr ErrorInfo already_running{3608, Disposition::reject, "emulator.already_running"};
inline constexpr ErrorInfo socket_failed{3609, Disposition::reject, "emulator.socket_failed"};
inline constexpr ErrorInfo too_many_nodes{3610, Disposition::reject, "emulator.too_many_nodes"};

}  // namespace wusong::emulator::err
