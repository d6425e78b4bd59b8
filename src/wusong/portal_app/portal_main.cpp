// SPDX-License-Identifier: Apache-2.0
// The `wusong-portal` program: the data platform's server and its administration.
#include <fmt/format.h>

#include <sys/stat.h>
#include <cstdio>
#include <exception>

#include "wusong/apps/report.hpp"
#include "wusong/portal_app/command.hpp"

int main(int argc, char** argv) {
  umask(077);  // what the portal keeps is its own
  wusong::apps::complain_as("wusong-portal");
  try {
    return wusong::portal_app::run_portal_cli({argv + (argc > 0 ? 1 : 0), argv + argc});
  } catch (const std::exception& error) {
    fmt::print(stderr, "wusong-portal: {}\n", error.what());
    return wusong::apps::kFailed;
  }
}
