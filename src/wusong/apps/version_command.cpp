// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <string>

#include "wusong/apps/report.hpp"
#include "wusong/apps/version.hpp"
#include "wusong/codec/json.hpp"

namespace wusong::apps {
namespace {

std::string compiler() {
#if defined(__clang__)
  return fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#elif defined(__GNUC__)
  return fmt::format("gcc {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#else
  return "unknown";
#endif
}

}  // namespace

int show_version(bool json) {
  const std::string commit = WUSONG_COMMIT;  // empty: built outside a checkout
  if (json) {
    codec::JsonWriter out;
    out.open_object().key("version").string(kVersion).key("compiler").string(compiler());
    out.key("commit");
    if (commit.empty()) {
      out.null();
    } else {
      out.string(commit);
    }
    say(out.close_object().text());
    return 0;
  }
  say(fmt::format("wusong {} ({}{})", kVersion, commit.empty() ? "" : commit + ", ", compiler()));
  return 0;
}

}  // namespace wusong::apps
