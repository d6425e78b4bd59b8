// SPDX-License-Identifier: Apache-2.0
#include "wusong/node/network_info.hpp"

#include <gtest/gtest.h>

namespace wusong::node {
namespace {

constexpr std::uint64_t kDay = 24ull * 3'600 * 1'000;
constexpr UnixMillis kNow{1'000 * kDay};

std::vector<std::string> warnings(std::uint64_t expires, std::uint64_t ca, std::uint64_t crl) {
  TlsStatus tls{.ca_mode = true, .subject = "CN=node0"};
  tls.expires = {expires};
  tls.ca_expires = {ca};
  tls.crl_due = {crl};
  return renewal_warnings(tls, kNow);
}

TEST(RenewalWarnings, BeginThirtyDaysAhead) {
  EXPECT_TRUE(warnings(kNow.value + 30 * kDay + 1, kNow.value + 31 * kDay, 0).empty());
  const auto soon = warnings(kNow.value + 30 * kDay, 0, 0);
  ASSERT_EQ(soon.size(), 1u);
  EXPECT_NE(soon[0].find("CN=node0"), std::string::npos);
  EXPECT_NE(soon[0].find("ends in 30 days"), std::string::npos);
  EXPECT_NE(soon[0].find("wusong node reload"), std::string::npos);
}

TEST(RenewalWarnings, SayWhatHasEnded) {
  EXPECT_NE(warnings(kNow.value, 0, 0)[0].find("has ended"), std::string::npos);
  EXPECT_EQ(warnings(0, kNow.value + kDay, 0).size(), 1u);
}

TEST(RenewalWarnings, AListOfRevokedCertificatesIsNamedOnlyWhenItIsLate) {
  EXPECT_TRUE(warnings(0, 0, kNow.value + kDay).empty());
  EXPECT_EQ(warnings(0, 0, kNow.value - 1).size(), 1u);
}

TEST(RenewalWarnings, PinnedKeysHaveNothingToRenew) {
  EXPECT_TRUE(warnings(0, 0, 0).empty());
}

}  // namespace
}  // namespace wusong::node
