// SPDX-License-Identifier: Apache-2.0
// A JSON-RPC server on a small chain with every type of transaction, for tests and fuzzing.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "wusong/codec/hex.hpp"
#include "wusong/exec/errors.hpp"
#include "wusong/rpc/server.hpp"
#include "wusong/testkit/fake_service.hpp"

namespace wusong::testkit {

class RpcChain {
 public:
  struct Sent {
    rpc::SessionId session;
    std::string text;
  };

  FakeService node;
  Instant clock{std::chrono::hours{1}};
  Duration clock_step{0};  // that passes whenever somebody looks
  std::vector<Sent> sent;

  explicit RpcChain(rpc::Config config = {}) {
    key_.fill(0x01);
    alice_ = sender_of(transfer(0));
    node.contents.accounts[alice_].balance = U256{10'000'000'000'000'000'000ull};
    token_.bytes[19] = 0x70;
    reverter_.bytes[19] = 0x72;
    // Returns slot 0.
    node.account_with_code(token_, *codec::from_hex("60005460005260206000f3"));
    node.contents.slots[{token_, Hash{}}] = U256{1234};
    node.account_with_code(reverter_, reverter_code());
    build();
    rpc::Ports ports;
    ports.now = [this] { return clock += clock_step; };
    ports.send = [this](rpc::SessionId session, const std::shared_ptr<const std::string>& text) {
      sent.push_back({session, *text});
    };
    ports.mutex = std::make_unique<io::NoMutex>();
    server_ = std::make_unique<rpc::Server>(node, std::move(config), std::move(ports));
  }

  rpc::Server& server() { return *server_; }
  std::string alice_text() const { return codec::to_hex_data(alice_); }
  std::string token_text() const { return codec::to_hex_data(token_); }
  std::string reverter_text() const { return codec::to_hex_data(reverter_); }

  static Hash word_of(std::uint8_t byte) {
    Hash out;
    out.bytes.fill(byte);
    return out;
  }
  static std::string word(std::uint8_t byte) { return codec::to_hex_data(word_of(byte)); }

  Bytes signed_transfer(std::uint64_t nonce) const { return types::encode(transfer(nonce)); }
  void add_log_block() {
    node.add_block({executed(transfer(node.blocks.size() + 50), {{token_, {word_of(0x33)}, {}}})});
  }

  /// Replaces $alice, $token, $block1, $tx1.0 and their kin.
  std::string expand(std::string text) const {
    replace(text, "$alice", alice_text());
    replace(text, "$token", token_text());
    replace(text, "$reverter", reverter_text());
    replace(text, "$raw", codec::to_hex_data(signed_transfer(7)));
    for (std::size_t i = 0; i < node.blocks.size(); ++i) {
      const std::string number = std::to_string(i);
      replace(text, "$block" + number, codec::to_hex_data(node.blocks[i]->hash));
      for (std::size_t j = 0; j < node.blocks[i]->transaction_hashes.size(); ++j) {
        replace(text, "$tx" + number + "." + std::to_string(j),
                codec::to_hex_data(node.blocks[i]->transaction_hashes[j]));
      }
    }
    for (std::size_t i = 0; i < node.pool.size(); ++i)
      replace(text, "$pooled" + std::to_string(i), codec::to_hex_data(node.pool[i].hash));
    return text;
  }

 private:
  static void replace(std::string& text, const std::string& from, const std::string& to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at))
      text.replace(at, from.size(), to);
  }

  static Address sender_of(const types::Transaction& transaction) {
    return *types::recover_sender(transaction);
  }

  /// revert with Error("nope").
  static Bytes reverter_code() {
    return *codec::from_hex(
        "7f08c379a000000000000000000000000000000000000000000000000000000000600052"
        "6020600452600460245"
        "27f6e6f706500000000000000000000000000000000000000000000000000000000604452"
        "60646000fd");
  }

  types::Transaction transfer(std::uint64_t nonce) const {
    types::Transaction tx;
    tx.type = types::TransactionType::dynamic_fee;
    tx.chain_id = 5918;
    tx.nonce = nonce;
    tx.max_priority_fee = U256{1'000};
    tx.max_fee = U256{2'000};
    tx.gas_limit = 100'000;
    tx.to = token_;
    tx.value = U256{};
    tx.data = {0xab, 0xcd};
    return signed_by_alice(std::move(tx));
  }
  types::Transaction signed_by_alice(types::Transaction tx) const {
    WUSONG_ASSERT(types::sign(tx, key_));
    return tx;
  }
  types::Transaction legacy() const {
    types::Transaction tx;
    tx.chain_id = 5918;
    tx.max_fee = tx.max_priority_fee = U256{1'000'000'000};
    tx.gas_limit = 21'000;
    tx.to = Address{};
    tx.to->bytes.fill(0x22);
    tx.value = U256{1'000'000};
    return signed_by_alice(std::move(tx));
  }
  types::Transaction creation() const {
    types::Transaction tx = transfer(2);
    tx.type = types::TransactionType::access_list;
    tx.max_fee = tx.max_priority_fee = U256{5};
    tx.to.reset();
    tx.data = {0x00};
    tx.access_list = {{token_, {word_of(0), word_of(9)}}, {reverter_, {}}};
    return signed_by_alice(std::move(tx));
  }
  types::Transaction set_code() const {
    types::Transaction tx = transfer(3);
    tx.type = types::TransactionType::set_code;
    types::Authorization authorization;
    authorization.chain_id = U256{5918};
    authorization.address = token_;
    authorization.nonce = 7;
    authorization.y_parity = U256{1};
    authorization.r = U256{11};
    authorization.s = U256{12};
    tx.authorizations = {authorization};
    return signed_by_alice(std::move(tx));
  }
  types::Transaction native() const {
    Bytes secret(32, 0x07);
    const auto signer = crypto::make_signer(crypto::Scheme::ed25519, secret);
    WUSONG_ASSERT(signer);
    types::Transaction tx = transfer(0);
    tx.type = types::TransactionType::native;
    types::sign_native(tx, **signer);
    return tx;
  }

  static FakeService::Executed executed(types::Transaction tx, std::vector<types::Log> logs = {}) {
    FakeService::Executed out;
    out.receipt.success = true;
    out.receipt.gas_used = 21'000;
    out.receipt.effective_gas_price = tx.effective_gas_price(U256{});
    if (tx.is_create()) {
      out.receipt.contract_address.emplace();
      out.receipt.contract_address->bytes.fill(0xcc);
    }
    out.receipt.logs = std::move(logs);
    out.transaction = std::move(tx);
    return out;
  }

  void build() {
    node.add_block({});
    auto skipped = executed(native());
    skipped.skipped = exec::err::nonce_too_low.number;
    skipped.receipt.success = false;
    skipped.receipt.gas_used = 0;
    node.add_block({executed(legacy()),
                    executed(transfer(1), {{token_, {word_of(0x11), word_of(0x22)}, {1, 2, 3}},
                                           {token_, {word_of(0x11)}, {}}}),
                    std::move(skipped)});
    node.add_block(
        {executed(creation()), executed(set_code(), {{token_, {word_of(0x33)}, Bytes(32, 0xff)}})});
    node.cover(0, 2);
    node.validator_list = {{.index = 0,
                            .name = "v0",
                            .scheme = "ed25519",
                            .public_key = Bytes(32, 0xa0),
                            .node_key = Bytes(32, 0xa1),
                            .beneficiary = reverter_,
                            .is_self = true,
                            .connected = true,
                            .last_known_final = Height{2}}};
    node.peer_list = {{.node_key = Bytes(32, 0xb1),
                       .name = "v1",
                       .address = "127.0.0.1:30301",
                       .version = "Wusong/v0.1.0",
                       .role = "validator",
                       .final = Height{2},
                       .rtt_us = 250,
                       .inbound = true}};
    node.network_now.tls = {.ca_mode = true,
                            .subject = "CN=v0",
                            .issuer = "CN=agency",
                            .serial = "01ff",
                            .expires = {1'800'000'000'000},
                            .ca_expires = {1'900'000'000'000},
                            .crl_due = {1'700'000'000'000}};
    node.network_now.warnings = {"a list of network.crl has ended"};
    node.network_now.reloads = 2;
    node.network_now.connections_refused = {{"net.unknown_peer", 3}};
    node.network_now.bans = 1;
    node.network_now.peers = {{.node_key = Bytes(32, 0xb1),
                               .name = "v1",
                               .connected = true,
                               .exchange = "x25519-ml-kem-768/aes-256-gcm",
                               .address = "127.0.0.1:30301",
                               .penalty = 25.5,
                               .refused = {{"net.bad_message", 1}}}};
  }

  std::array<std::uint8_t, 32> key_{};
  Address alice_;
  Address token_;
  Address reverter_;
  std::unique_ptr<rpc::Server> server_;
};

}  // namespace wusong::testkit
