// SPDX-License-Identifier: Apache-2.0
// ethereum/tests: TransactionTests under every fork that this build knows. An entry with a hash
// must decode, pass the checks that need no state, and name its sender; all others are refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/exec/transition.hpp"
#include "wusong/testkit/vectors.hpp"
#include "wusong/vm/fork.hpp"

namespace wusong::exec {
namespace {

namespace fs = std::filesystem;
using codec::JsonValue;

struct Verdict {
  bool accepted{false};
  Hash hash;
  Address sender;
  std::uint64_t gas{0};
};

Verdict judge(BytesView encoded, vm::Fork fork) {
  const auto tx = types::decode_transaction(encoded);
  if (!tx) return {};
  if (!check_static(*tx, {.chain_id = 1, .fork = fork, .permissions = {}})) return {};
  const auto sender = types::recover_sender(*tx);
  if (!sender) return {};
  return {true, types::hash_of(*tx), *sender, intrinsic_gas(*tx, fork).gas};
}

/// What is wrong with our verdict, or nothing.
std::string compare(const JsonValue& expected, const Verdict& got) {
  const auto hash = expected.string_at("hash");
  if (!hash) return got.accepted ? "accepted" : "";
  if (!got.accepted) return "refused";
  if (codec::to_hex_data(got.hash) != *hash) return "hash";
  if (codec::to_hex_data(got.sender) != *expected.string_at("sender")) return "sender";
  const auto gas = codec::u64_from_hex_quantity(*expected.string_at("intrinsicGas"), false);
  return gas == got.gas ? "" : "gas";
}

TEST(TransactionVectors, VerdictHashSenderAndGasAgreeUnderEveryFork) {
  testkit::record_vectors("ethereum/tests TransactionTests", 985);
  const fs::path folder = testkit::vector_path("ethereum-tests/TransactionTests");
  if (!fs::exists(folder)) GTEST_SKIP() << "vectors not found";
  std::size_t count = 0;
  std::size_t failures = 0;
  for (const auto& item : fs::recursive_directory_iterator{folder}) {
    if (item.path().extension() != ".json") continue;
    const auto text =
        testkit::read_vector(item.path().lexically_relative(testkit::vector_path("")).string());
    ASSERT_TRUE(text);
    const auto document = codec::JsonDocument::parse(*text);
    ASSERT_TRUE(document) << item.path();
    for (const auto& [name, test] : document->root().members()) {
      const auto encoded = codec::from_hex(*test.string_at("txbytes"));
      for (const auto& [fork_name, expected] : test.at("result")->members()) {
        const auto fork = vm::find_fork(fork_name);
        if (!fork) continue;
        const std::string wrong = compare(expected, encoded ? judge(*encoded, *fork) : Verdict{});
        EXPECT_EQ(wrong, "") << name << " at " << fork_name << ": "
                             << expected.string_at("exception").value_or("valid");
        failures += wrong.empty() ? 0 : 1;
        ++count;
      }
    }
  }
  testkit::record_vectors("ethereum/tests TransactionTests", count, failures);
  EXPECT_GT(count, 900u);
}

}  // namespace
}  // namespace wusong::exec
