// SPDX-License-Identifier: Apache-2.0
// Nodes that prove themselves by a consortium's certificates: who is accepted, for how long, and
// what is exchanged while they run.
#include "wusong/platform/internal/tls.hpp"

#include <gtest/gtest.h>

#include "wusong/testkit/test_ca.hpp"
#include "wusong/testkit/transport_world.hpp"

namespace wusong::platform {
namespace {

using namespace testkit;  // NOLINT

/// A consortium: a root, an authority below it, and a folder with every member's files.
class Consortium : public testing::Test {
 protected:
  Consortium() {
    std::string name = (std::filesystem::temp_directory_path() / "wusong-tls-XXXXXX").string();
    WUSONG_ASSERT(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
  }
  ~Consortium() override { std::filesystem::remove_all(folder_); }

  TestFiles member(std::uint8_t index) {
    TestFiles out{folder_, "node" + std::to_string(index)};
    out.trust(root.pem());
    out.issue(agency, {"node", node_uri(key(index))}, agency.pem());
    return out;
  }
  static TransportOptions with(TestFiles& files, TransportOptions from) {
    from.tls = files.files();
    return from;
  }
  static Error refusal(TestFiles& files, std::uint8_t index = 1) {
    const auto made = internal::TlsContext::make(secret(index), files.files());
    return made ? Error{net::err::shutting_down} : made.error();
  }

  std::filesystem::path folder_;
  TestCa root{"root"};
  TestCa agency{"agency", root};
};

TEST_F(Consortium, MembersMeetByCertificatesThatNameTheirNodeKeys) {
  TestFiles one = member(1);
  TestFiles two = member(2);
  Node a{with(one, options(1, {dials_us(2)}))};
  Node b{with(two, options(2, {at(1, a)}))};
  ASSERT_TRUE(a.events.wait_connected(key(2)));
  ASSERT_TRUE(b.events.wait_connected(key(1)));
  const TlsStatus tls = a.transport->stats().tls;
  EXPECT_TRUE(tls.ca_mode);
  EXPECT_EQ(tls.subject, "CN=node");
  EXPECT_EQ(tls.issuer, "CN=agency");
  EXPECT_GT(tls.expires.value, 0u);
}

TEST_F(Consortium, AnAuthorityThatIsNotTrustedVouchesForNobody) {
  TestFiles one = member(1);
  TestFiles two{folder_, "stranger"};
  const TestCa other{"root"};  // the same name, another key
  two.trust(other.pem());
  two.issue(other, {"node", node_uri(key(2))});
  Node a{with(one, options(1, {dials_us(2)}))};
  Node b{with(two, options(2, {}))};
  b.transport->set_peers({at(1, a)});
  EXPECT_TRUE(eventually([&] {
    return refused(a, net::err::certificate_untrusted) > 0 ||
           refused(b, net::err::certificate_untrusted) > 0;
  }));
  EXPECT_TRUE(a.events.connected.empty());
}

TEST_F(Consortium, ACertificateForANodeThatIsNotAdmittedIsRefused) {
  TestFiles one = member(1);
  TestFiles three = member(3);
  Node a{with(one, options(1, {dials_us(2)}))};
  Node stranger{with(three, options(3, {at(1, a)}))};
  EXPECT_TRUE(eventually([&] { return refused(a, net::err::unknown_peer) > 0; }));
}

TEST_F(Consortium, APinnedKeyIsNoCertificate) {
  TestFiles one = member(1);
  Node a{with(one, options(1, {dials_us(2)}))};
  Node b{options(2, {at(1, a)})};
  EXPECT_TRUE(eventually([&] {
    return refused(a, net::err::certificate_untrusted) > 0 || refused(b, net::err::tls_failed) > 0;
  }));
  EXPECT_TRUE(a.events.connected.empty());
}

TEST_F(Consortium, WhatPeersWouldRefuseIsRefusedAtHome) {
  TestFiles files = member(1);
  EXPECT_EQ(refusal(files), Error{net::err::shutting_down});  // accepted
  EXPECT_EQ(refusal(files, 2), Error{err::certificate_of_another});
  files.issue(agency, {"node", "URI:https://example.com"}, agency.pem());
  EXPECT_EQ(refusal(files), Error{err::certificate_of_another});
  files.issue(agency, {"node", node_uri(key(1)) + "," + node_uri(key(2))}, agency.pem());
  EXPECT_EQ(refusal(files), Error{err::certificate_of_another});
  files.issue(agency, {"node", node_uri(key(1)), -7'200, -3'600}, agency.pem());
  EXPECT_EQ(refusal(files), Error{net::err::certificate_expired});
  files.issue(agency, {"node", node_uri(key(1)), 3'600}, agency.pem());
  EXPECT_EQ(refusal(files), Error{net::err::certificate_not_yet_valid});
  files.issue(agency, {"node", node_uri(key(1))});  // the intermediate is missing
  EXPECT_EQ(refusal(files), Error{net::err::certificate_untrusted});
  files.trust(root.pem() + agency.pem());  // unless everybody has it
  EXPECT_EQ(refusal(files), Error{net::err::shutting_down});
  files.trust(agency.pem());  // no root
  EXPECT_EQ(refusal(files), Error{err::bad_ca_file});
}

TEST_F(Consortium, FilesThatAreNotWhatTheyShouldBeAreNamed) {
  TestFiles files = member(1);
  files.files().key_password = "wrong";
  EXPECT_EQ(refusal(files), Error{err::bad_tls_key});
  TestFiles other{folder_, "other"};
  other.issue(agency, {"node", node_uri(key(1))});
  files = member(1);
  files.files().key = other.files().key;
  files.files().key_password = other.files().key_password;
  EXPECT_EQ(refusal(files), Error{err::tls_key_mismatch});
  files = member(1);
  TestFiles::write(files.files().certificate, "nonsense");
  EXPECT_EQ(refusal(files), Error{err::bad_certificate_file});
  files = member(1);
  files.revoke("nonsense");
  EXPECT_EQ(refusal(files), Error{err::bad_crl_file});
  files.files().ca = "/nowhere";
  EXPECT_EQ(refusal(files), Error{err::file_not_found});
}

TEST_F(Consortium, ARevokedCertificateIsRefusedAndItsConnectionEnds) {
  TestFiles one = member(1);
  TestFiles two = member(2);
  one.revoke(root.list({}) + agency.list({}));
  const X509Ptr old = two.issue(agency, {"node", node_uri(key(2))}, agency.pem());
  Node a{with(one, options(1, {dials_us(2)}))};
  Node b{with(two, options(2, {at(1, a)}))};
  ASSERT_TRUE(a.events.wait_connected(key(2)));
  one.revoke(root.list({}) + agency.list({old.get()}));
  ASSERT_TRUE(a.transport->reload_tls(one.files()).has_value());
  EXPECT_TRUE(a.events.wait_reason(net::err::certificate_revoked));
  EXPECT_TRUE(eventually([&] { return refused(a, net::err::certificate_revoked) > 0; }));
  EXPECT_TRUE(eventually([&] {
    const auto* reason = b.transport->stats().peers[0].last_error;
    return reason != nullptr && reason->name == net::err::own_certificate_revoked.name;
  }));
  // A new certificate brings it back, while it runs.
  two.issue(agency, {"node", node_uri(key(2))}, agency.pem());
  ASSERT_TRUE(b.transport->reload_tls(two.files()).has_value());
  EXPECT_TRUE(a.events.wait_connected(key(2)));
}

TEST_F(Consortium, AListIsNeededOfEveryAuthorityAndCountsWhenItIsLate) {
  TestFiles files = member(1);
  files.revoke(agency.list({}));
  EXPECT_EQ(refusal(files), Error{net::err::no_revocation_list});
  files.revoke(root.list({}, -60) + agency.list({}, -60));
  EXPECT_EQ(refusal(files), Error{net::err::shutting_down});  // accepted
  const X509Ptr own = files.issue(agency, {"node", node_uri(key(1))}, agency.pem());
  files.revoke(root.list({}, -60) + agency.list({own.get()}, -60));
  EXPECT_EQ(refusal(files), Error{net::err::certificate_revoked});
}

TEST_F(Consortium, ACertificateIsExchangedWhileMessagesFlow) {
  TestFiles one = member(1);
  TestFiles two = member(2);
  Node a{with(one, options(1, {dials_us(2)}))};
  Node b{with(two, options(2, {at(1, a)}))};
  ASSERT_TRUE(a.events.wait_connected(key(2)));
  const std::string before = a.transport->stats().tls.serial;
  for (int i = 0; i < 50; ++i) a.transport->send(key(2), Channel::sync, payload(1u << 10));
  one.issue(agency, {"node", node_uri(key(1))}, agency.pem());
  ASSERT_TRUE(a.transport->reload_tls(one.files()).has_value());
  for (int i = 0; i < 50; ++i) a.transport->send(key(2), Channel::sync, payload(1u << 10));
  ASSERT_TRUE(b.events.wait([&] { return b.events.messages.size() == 100; }));
  EXPECT_NE(a.transport->stats().tls.serial, before);
  EXPECT_TRUE(a.events.disconnected.empty());
}

TEST_F(Consortium, ARequestNamesTheNodeAndItsCertificateIsTakenWithItsKey) {
  TestFiles one = member(1);
  const auto made = make_tls_request(key(1), "node1", one.files().key_password);
  ASSERT_TRUE(made);
  const BioPtr text{BIO_new_mem_buf(made->request.data(), static_cast<int>(made->request.size()))};
  const std::unique_ptr<X509_REQ, Release<X509_REQ_free>> request{
      PEM_read_bio_X509_REQ(text.get(), nullptr, nullptr, nullptr)};
  ASSERT_TRUE(request);
  EVP_PKEY* const asked = X509_REQ_get0_pubkey(request.get());
  EXPECT_EQ(X509_REQ_verify(request.get(), asked), 1);
  STACK_OF(X509_EXTENSION)* const extensions = X509_REQ_get_extensions(request.get());
  ASSERT_EQ(sk_X509_EXTENSION_num(extensions), 1);
  const BioPtr names{BIO_new(BIO_s_mem())};
  X509V3_EXT_print(names.get(), sk_X509_EXTENSION_value(extensions, 0), 0, 0);
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  char* printed = nullptr;
  const long size = BIO_get_mem_data(names.get(), &printed);
  EXPECT_EQ(std::string(printed, static_cast<std::size_t>(size)), node_uri(key(1)));

  TestFiles::write(one.files().key, made->key);
  EXPECT_EQ(examine_tls(secret(1), one.files()).error(), Error{err::tls_key_mismatch});
  const X509Ptr signed_one = agency.sign({"node1", node_uri(key(1))}, asked);
  TestFiles::write(one.files().certificate, TestCa::pem(signed_one.get()) + agency.pem());
  const auto status = examine_tls(secret(1), one.files());
  ASSERT_TRUE(status);
  EXPECT_EQ(status->subject, "CN=node1");
  EXPECT_EQ(examine_tls(secret(2), one.files()).error(), Error{err::certificate_of_another});
  one.files().key_password = "another";
  EXPECT_EQ(examine_tls(secret(1), one.files()).error(), Error{err::bad_tls_key});
}

TEST_F(Consortium, AReloadThatFailsChangesNothing) {
  TestFiles one = member(1);
  Node a{with(one, options(1, {dials_us(2)}))};
  const std::string before = a.transport->stats().tls.serial;
  one.issue(agency, {"node", node_uri(key(9))}, agency.pem());
  EXPECT_EQ(a.transport->reload_tls(one.files()).error(), Error{err::certificate_of_another});
  EXPECT_EQ(a.transport->stats().tls.serial, before);
}

TEST_F(Consortium, NodesGoFromPinnedKeysToCertificatesWithoutParting) {
  TestFiles one = member(1);
  TestFiles two = member(2);
  Node a{options(1, {dials_us(2)})};
  Node b{options(2, {at(1, a)})};
  ASSERT_TRUE(a.events.wait_connected(key(2)));
  ASSERT_TRUE(a.transport->reload_tls(one.files()).has_value());
  ASSERT_TRUE(b.transport->reload_tls(two.files()).has_value());
  a.transport->send(key(2), Channel::consensus, payload(3));
  ASSERT_TRUE(b.events.wait([&] { return b.events.messages.size() == 1; }));
  EXPECT_TRUE(a.events.disconnected.empty());
  a.transport->disconnect(key(2), net::err::connection_lost);
  EXPECT_TRUE(a.events.wait_reason(net::err::connection_lost));
  EXPECT_TRUE(a.events.wait_connected(key(2)));
  EXPECT_TRUE(b.events.wait_connected(key(1)));
}

}  // namespace
}  // namespace wusong::platform
