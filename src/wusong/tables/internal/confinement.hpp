// SPDX-License-Identifier: Apache-2.0
// What Linux offers to confine a process. Between fork and exec only functions marked so may run.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <string>
#include <vector>

namespace wusong::tables::internal {

/// System calls that a confined program is refused, as a program for seccomp.
/// @source seccomp(2); refusals are EPERM, those with a fallback in libraries ENOSYS
std::vector<sock_filter> confined_calls();
/// Refuses to start programs.
std::vector<sock_filter> no_programs();
/// After no_new_privs. May run between fork and exec.
bool install_filter(const std::vector<sock_filter>& filter) noexcept;

/// A Landlock rule set that allows these paths, or -1 where the kernel has none.
/// @source landlock(7)
int make_ruleset(const std::vector<std::string>& readable,
                 const std::vector<std::string>& writable);
/// After no_new_privs. May run between fork and exec.
bool restrict_files(int ruleset) noexcept;

/// An empty network, with or without root. May run between fork and exec.
bool leave_network() noexcept;
/// The next program starts without capabilities and can not gain any. May run between fork and
/// exec.
bool drop_capabilities() noexcept;

}  // namespace wusong::tables::internal
