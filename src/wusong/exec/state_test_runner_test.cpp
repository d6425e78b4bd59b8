// SPDX-License-Identifier: Apache-2.0
// Ethereum's published state tests. WUSONG_QUICK=1 runs every twentieth file.
#include "wusong/exec/state_test_runner.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "wusong/exec/errors.hpp"
#include "wusong/testkit/vectors.hpp"

namespace wusong::exec {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

struct Tally {
  std::map<std::string, std::size_t> passed;  // by fork
  std::vector<std::string> failed;
  std::size_t unsupported{0};
  std::size_t run() const {
    std::size_t out = failed.size();
    for (const auto& [fork, count] : passed) out += count;
    return out;
  }
};

bool applies(const fs::path& path) {
  // A format that no fork adopted.
  return path.string().find("stEOF") == std::string::npos;
}

Tally run_folder(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& item : fs::recursive_directory_iterator{folder}) {
    if (item.path().extension() == ".json" && applies(item.path())) files.push_back(item.path());
  }
  std::ranges::sort(files);
  const std::size_t stride = testkit::quick() ? 20 : 1;
  const char* filter = std::getenv("WUSONG_STATE_TEST");
  Tally tally;
  vm::Interpreter machine;
  for (std::size_t i = 0; i < files.size(); i += stride) {
    if (filter != nullptr && files[i].string().find(filter) == std::string::npos) continue;
    const auto cases = run_state_tests(read_file(files[i]), {.machine = &machine});
    if (!cases) {
      tally.failed.push_back(files[i].string() + ": " + std::string{cases.error().name()});
      continue;
    }
    for (const StateTestCase& test : *cases) {
      if (test.unsupported) {
        ++tally.unsupported;
      } else if (test.passed()) {
        ++tally.passed[test.fork];
      } else {
        tally.failed.push_back(files[i].string() + " " + test.name + " " + test.fork + " " +
                               std::to_string(test.index) + " " +
                               (test.refusal ? std::string{test.refusal->name()} : "executed") +
                               (test.state_root == test.expected_state_root ? "" : " root") +
                               (test.logs_hash == test.expected_logs_hash ? "" : " logs"));
      }
    }
  }
  for (const auto& [fork, count] : tally.passed) {
    std::printf("%s: %zu passed\n", fork.c_str(), count);
  }
  for (const std::string& name : tally.failed) std::printf("FAILED %s\n", name.c_str());
  std::printf("%zu failed, %zu of forks before Berlin left out\n", tally.failed.size(),
              tally.unsupported);
  return tally;
}

TEST(StateTests, EveryRootAndLogHashOfGeneralStateTestsAgrees) {
  const fs::path folder = testkit::vector_path("ethereum-tests/GeneralStateTests");
  if (!fs::exists(folder)) {
    testkit::record_vectors("ethereum/tests GeneralStateTests", 21276);
    GTEST_SKIP() << "vectors not found";
  }
  const Tally tally = run_folder(folder);
  testkit::record_vectors("ethereum/tests GeneralStateTests", tally.run(), tally.failed.size());
  EXPECT_TRUE(tally.failed.empty());
  EXPECT_FALSE(tally.passed.empty());
}

TEST(StateTests, EveryRootAndLogHashOfEipTestsAgrees) {
  const fs::path folder = testkit::vector_path("ethereum-tests/EIPTests");
  if (!fs::exists(folder)) {
    testkit::record_vectors("ethereum/tests EIPTests", 1408);
    GTEST_SKIP() << "vectors not found";
  }
  const Tally tally = run_folder(folder);
  testkit::record_vectors("ethereum/tests EIPTests", tally.run(), tally.failed.size());
  EXPECT_TRUE(tally.failed.empty());
  EXPECT_FALSE(tally.passed.empty());
}

std::string map_to_g1_test(std::string_view tool, std::string_view server) {
  std::string out = R"({"t":{"_info":{"filling-tool-version":")";
  out += tool;
  out += R"(","filling-rpc-server":")";
  out += server;
  out += R"("},"env":{"currentCoinbase":"0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba",
    "currentNumber":"0x01","currentTimestamp":"0x03e8","currentGasLimit":"0x05f5e100",
    "currentRandom":"0x00","currentBaseFee":"0x0a"},
    "pre":{"0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b":
      {"balance":"0x0ba1a9ce0ba1a9ce","nonce":"0x00","code":"0x","storage":{}}},
    "transaction":{"sender":"0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b","nonce":"0x00",
      "to":"0x0000000000000000000000000000000000000012","gasPrice":"0x0a","value":["0x00"],
      "gasLimit":["0x0f4240"],"data":["0x)";
  out += std::string(128, '0') + R"("]},"post":{"Prague":[{"hash":"0x00","logs":"0x00",
      "indexes":{"data":0,"gas":0,"value":0}}]}}})";
  return out;
}

TEST(StateTests, AForksNameMeansItsRulesOnTheDayOfFilling) {
  const auto gas = [](std::string_view tool, std::string_view server) {
    const auto cases = run_state_tests(map_to_g1_test(tool, server));
    EXPECT_TRUE(cases && cases->size() == 1 && !cases->front().refusal);
    return cases ? cases->front().gas_used : 0;
  };
  // 64 zero bytes to 0x12, which mapped to G1 in the draft and is nothing in Prague.
  constexpr std::uint64_t kDraft = 21000 + 4 * 64 + 5500;
  constexpr std::uint64_t kAdopted = 21000 + 10 * 64;  // EIP-7623's floor
  constexpr std::string_view kTool = "retesteth-0.3.2-cancun+commit.353b2b37.Linux.g++";
  EXPECT_EQ(gas(kTool, "evm version 1.14.0-unstable-a208e725-20240416"), kDraft);
  EXPECT_EQ(gas(kTool, "evm version 1.14.12-unstable-00000000-20241231"), kDraft);
  EXPECT_EQ(gas(kTool, "evm version 1.14.12-unstable-00000000-20250101"), kAdopted);
  EXPECT_EQ(gas(kTool, "evm version 1.15.11-stable-36b2371c"), kAdopted);
  EXPECT_EQ(gas(kTool, ""), kAdopted);
  EXPECT_EQ(gas("execution-spec-tests v5.0.0", "evm version 1.14.0-unstable-a208e725-20240416"),
            kAdopted);
}

TEST(StateTests, AFileThatIsNoStateTestIsRefused) {
  EXPECT_FALSE(run_state_tests("{"));
  EXPECT_EQ(run_state_tests("[]").error(), Error{err::bad_state_test});
  EXPECT_EQ(run_state_tests(R"({"a":{}})").error(), Error{err::bad_state_test});
  EXPECT_EQ(run_state_tests(R"({"a":{"post":{"Cancun":[{}]},"pre":{},"transaction":{}}})").error(),
            Error{err::bad_state_test});
}

}  // namespace
}  // namespace wusong::exec
