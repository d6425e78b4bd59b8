// SPDX-License-Identifier: Apache-2.0
// wusong_duck LIBRARY MEMORY_BYTES THREADS: answers one request, from stdin to stdout.
// Started by tables::Runner, which confines it; operations.hpp says what can be asked.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "wusong/tables/operations.hpp"

int main(int count, char** arguments) {
  constexpr std::size_t kRequestMax = 16u << 20;
  wusong::tables::Settings settings;
  if (count != 4) {
    std::fputs("usage: wusong_duck LIBRARY MEMORY_BYTES THREADS <request.json\n", stderr);
    return 2;
  }
  settings.library = arguments[1];
  settings.memory_bytes = std::strtoull(arguments[2], nullptr, 10);
  settings.threads = static_cast<unsigned>(std::strtoul(arguments[3], nullptr, 10));
  if (const char* progress = std::getenv("WUSONG_PROGRESS")) {
    settings.progress_descriptor = static_cast<int>(std::strtol(progress, nullptr, 10));
  }
  const char* folder = std::getenv("TMPDIR");
  settings.temporary_folder = folder == nullptr ? "/tmp" : folder;

  std::string request;
  char part[64u << 10];
  for (;;) {
    const auto size = ::read(STDIN_FILENO, part, sizeof part);
    if (size <= 0 || request.size() > kRequestMax) break;
    request.append(part, static_cast<std::size_t>(size));
  }
  bool ok = false;
  const std::string text = wusong::tables::answer(settings, request, ok) + "\n";
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
  // The engine's threads and destructors have nothing left to say.
  std::_Exit(ok ? 0 : 1);
}
