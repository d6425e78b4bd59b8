// SPDX-License-Identifier: Apache-2.0
// The state engine on real files, killed while it writes.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "wusong/platform/segment_files.hpp"
#include "wusong/state/memory_state.hpp"
#include "wusong/state/state_db.hpp"

namespace wusong::platform {
namespace {

constexpr state::StateOptions kOptions{
    .history = 8, .segment_bytes = 32u << 10, .cached_accounts = 64, .cached_slots = 64};

types::StateDiff block(std::uint64_t height) {
  types::StateDiff diff;
  for (std::uint64_t i = 0; i < 20; ++i) {
    Address address;
    address.bytes[0] = static_cast<std::uint8_t>((height * 7 + i * 11) % 100);
    auto& change = diff.accounts[address];
    change.after = types::Account{.nonce = height, .balance = U256{i}};
    if (i % 4 == 0) change.slots[to_hash(U256{height % 10})] = U256{height % 3};
  }
  return diff;
}

/// Commits from the head on and reports each height, until it is killed.
[[noreturn]] void write_until_killed(const std::filesystem::path& folder, int report) {
  auto store = open_segment_files(folder);
  if (!store) ::_exit(1);
  auto db = state::StateDb::open(**store, kOptions);
  if (!db) ::_exit(2);
  const auto head = (*db)->head();
  for (std::uint64_t height = head ? head->height.value + 1 : 0;; ++height) {
    if (!(*db)->commit(Height{height}, block(height))) ::_exit(3);
    if (::write(report, &height, sizeof height) != sizeof height) ::_exit(4);
  }
}

TEST(StateCrash, AKilledWriterLeavesEveryCommitItReported) {
  std::string name = (std::filesystem::temp_directory_path() / "wusong-XXXXXX").string();
  const std::filesystem::path folder{::mkdtemp(name.data())};
  state::MemoryState model;
  std::uint64_t modelled = 0;  // heights applied to the model
  for (std::uint64_t round = 1; round <= 25; ++round) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const ::pid_t child = ::fork();
    if (child == 0) write_until_killed(folder, pipe[1]);
    ::close(pipe[1]);
    std::uint64_t reported = 0;
    for (std::uint64_t i = 0; i < round; ++i)
      ASSERT_EQ(::read(pipe[0], &reported, sizeof reported),
                static_cast<::ssize_t>(sizeof reported));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
    ::close(pipe[0]);

    const auto store = *open_segment_files(folder);
    const auto db = state::StateDb::open(*store, kOptions);
    ASSERT_TRUE(db) << db.error().name();
    const auto head = *(*db)->head();
    ASSERT_GE(head.height.value, reported);
    for (; modelled <= head.height.value; ++modelled) model.apply(block(modelled));
    ASSERT_EQ(head.root, model.root());
    const auto view = *(*db)->view(head.height);
    for (const auto& [address, entry] : model.entries()) {
      ASSERT_EQ(view->account(address), model.account(address));
      for (const auto& [slot, value] : entry.slots) ASSERT_EQ(view->storage(address, slot), value);
    }
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace wusong::platform
