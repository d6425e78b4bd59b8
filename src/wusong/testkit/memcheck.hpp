// SPDX-License-Identifier: Apache-2.0
// Constant time by test: secrets count as uninitialised memory, so that memcheck calls whatever
// decides by them an error. A test runs its own program again under valgrind, for one test of the
// suite MemcheckSubject.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "wusong/testkit/test_folder.hpp"

#if __has_include(<valgrind/memcheck.h>) && !defined(__SANITIZE_ADDRESS__)
#include <valgrind/memcheck.h>
#define WUSONG_HAS_MEMCHECK 1
#else
#define RUNNING_ON_VALGRIND 0
#define VALGRIND_MAKE_MEM_UNDEFINED(address, count) ((void)(address), (void)(count))
#define VALGRIND_MAKE_MEM_DEFINED(address, count) ((void)(address), (void)(count))
#define WUSONG_HAS_MEMCHECK 0
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WUSONG_IS_SANITIZED 1
#endif
#endif
#if !defined(WUSONG_IS_SANITIZED)
#define WUSONG_IS_SANITIZED 0
#endif

namespace wusong::testkit {

/// Memcheck's exit code where it saw something.
inline constexpr int kMemcheckSaw = 99;

/// The exit code of a test of the suite MemcheckSubject under memcheck.
inline int run_under_memcheck(const std::string& test) {
  const TestFolder folder;
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  const std::string copy = folder.path() / "program";
  // Debian 12's valgrind gives up on the debugging data of newer compilers.
  const std::string command = "strip -g -o '" + copy + "' '" + self +
                              "' && valgrind -q --error-exitcode=" + std::to_string(kMemcheckSaw) +
                              " '" + copy + "' --gtest_filter='MemcheckSubject." + test +
                              "' >/dev/null 2>&1";
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

inline bool memcheck_can_run() {
  return WUSONG_HAS_MEMCHECK != 0 && WUSONG_IS_SANITIZED == 0 && RUNNING_ON_VALGRIND == 0 &&
         std::system("valgrind --version >/dev/null 2>&1") == 0;
}

}  // namespace wusong::testkit
