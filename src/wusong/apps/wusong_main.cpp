// SPDX-License-Identifier: Apache-2.0
// The `wusong` program. Its command line is defined in cli_*.cpp.
#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "wusong/apps/cli.hpp"
#include "wusong/apps/report.hpp"

int main(int argc, char** argv) {
  try {
    return wusong::apps::run_cli({argv + (argc > 0 ? 1 : 0), argv + argc});
  } catch (const std::exception& error) {
    fmt::print(stderr, "wusong: {}\n", error.what());
    return wusong::apps::kFailed;
  }
}
