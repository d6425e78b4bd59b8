// SPDX-License-Identifier: Apache-2.0
// `wusong_load`: ERC-20 transfers signed beforehand and sent through JSON-RPC in batches, to Wusong
// or to any other Ethereum node. Prints one JSON object with what was measured.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

#include "wusong/apps/abi.hpp"
#include "wusong/apps/network_create.hpp"
#include "wusong/apps/rpc_client.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/platform/clock.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/types/transaction.hpp"

namespace {

using namespace wusong;
using namespace wusong::apps;
using namespace std::chrono_literals;

struct Options {
  std::string rpc{"http://127.0.0.1:8545"};
  std::string code_file;  // creation code of an ERC-20 that mints to its creator
  std::string scheme{"secp256k1"};
  std::uint64_t accounts{1'000};
  std::uint64_t transactions{50'000};
  std::uint64_t batch{200};
  std::uint64_t connections{2};
  std::uint64_t latency_samples{0};  // instead of throughput: one transfer at a time
  std::uint64_t timeout_seconds{300};
};

[[noreturn]] void give_up(const Failure& failure) {
  fmt::print(stderr, "wusong_load: {} ({})\n", failure.detail, failure.error.name());
  std::exit(1);
}
template <typename T>
T need(Outcome<T> outcome) {
  if (!outcome) give_up(outcome.error());
  return *std::move(outcome);
}

struct Account {
  Hash secret;
  Address address;
  std::uint64_t nonce{0};
  std::unique_ptr<crypto::Signer> native{};  // where its scheme is not Ethereum's
};

Account account_of(std::uint64_t index, crypto::Scheme scheme) {
  const std::string seed = fmt::format("wusong load account {}", index);
  Account out{.secret = hash::keccak256(as_bytes(seed))};
  auto signer = crypto::make_signer(scheme, out.secret);
  if (!signer) give_up({signer.error(), "no account of this scheme"});
  out.address = crypto::address_of(scheme, (*signer)->public_key());
  if (scheme != crypto::Scheme::secp256k1) out.native = *std::move(signer);
  return out;
}

std::uint64_t quantity(RpcClient& client, std::string_view method, std::string_view params = "[]") {
  const auto reply = need(client.call(method, params));
  const auto text = reply.result().string();
  return text ? codec::u64_from_hex_quantity(*text).value_or(0) : 0;
}

class Load {
 public:
  explicit Load(Options options)
      : options_{std::move(options)}, client_{need(RpcClient::open(options_.rpc, 60s))} {
    const auto* const scheme = crypto::find_scheme(options_.scheme);
    if (scheme == nullptr) give_up({err::bad_argument, "no scheme " + options_.scheme});
    scheme_ = scheme->scheme;
    chain_id_ = quantity(client_, "eth_chainId");
    const auto secret = codec::from_hex(kDevAccounts[0].secret_key);
    funder_.secret = Hash::from(*secret);
    funder_.address = *codec::fixed_from_hex<Address>(kDevAccounts[0].address);
    funder_.nonce = nonce_of(funder_.address);
  }

  void prepare() {
    deploy();
    for (std::uint64_t i = 0; i < options_.accounts; ++i)
      accounts_.push_back(account_of(i, scheme_));
    std::vector<std::string> bodies;
    std::vector<Bytes> raw;
    for (const Account& account : accounts_) {
      raw.push_back(transfer(funder_, account.address, U256{1'000'000'000}));
      if (raw.size() == options_.batch) bodies.push_back(batch_body(std::exchange(raw, {})));
    }
    if (!raw.empty()) bodies.push_back(batch_body(raw));
    for (const std::string& body : bodies) send_body(client_, body);
    wait_for_nonce(funder_.address, funder_.nonce);
    for (Account& account : accounts_) account.nonce = 0;
    // The chain may have served an earlier load: go on from there.
    const std::uint64_t first = nonce_of(accounts_.front().address);
    for (Account& account : accounts_) account.nonce = first == 0 ? 0 : nonce_of(account.address);
  }

  void throughput() {
    std::vector<std::string> bodies = sign_all();
    const std::uint64_t first_block = quantity(client_, "eth_blockNumber");
    const Instant begun = platform::monotonic_now();
    std::atomic<std::size_t> next{0};
    std::vector<std::thread> senders;
    for (std::uint64_t i = 0; i < options_.connections; ++i) {
      senders.emplace_back([&] {
        RpcClient client = need(RpcClient::open(options_.rpc, 120s));
        for (std::size_t at = next++; at < bodies.size(); at = next++)
          send_body(client, bodies[at]);
      });
    }
    const std::uint64_t blocks = count_blocks(first_block);
    const double seconds = std::chrono::duration<double>(platform::monotonic_now() - begun).count();
    for (std::thread& sender : senders) sender.join();
    verify();
    fmt::print(R"({{"transactions":{},"seconds":{:.3f},"tps":{:.1f},"blocks":{},"refused":{}}})"
               "\n",
               options_.transactions, seconds, static_cast<double>(options_.transactions) / seconds,
               blocks, refused_.load());
  }

  void latency() {
    std::vector<double> samples;
    for (std::uint64_t i = 0; i < options_.latency_samples; ++i) {
      Account& from = accounts_[i % accounts_.size()];
      const Bytes raw = transfer(from, accounts_[(i + 1) % accounts_.size()].address, U256{1});
      const std::string request = fmt::format(R"(["{}"])", codec::to_hex_data(raw));
      const Instant begun = platform::monotonic_now();
      const auto reply = need(client_.call("eth_sendRawTransaction", request));
      const std::string params = fmt::format(R"(["{}"])", reply.result().string().value_or(""));
      while (need(client_.call("eth_getTransactionReceipt", params)).result().is_null()) {
        if (platform::monotonic_now() - begun > 30s)
          give_up({err::rpc_failed, "no receipt within 30 s"});
        std::this_thread::sleep_for(1ms);
      }
      samples.push_back(
          std::chrono::duration<double, std::milli>(platform::monotonic_now() - begun).count());
      std::this_thread::sleep_for(50ms);  // back to rest
    }
    std::ranges::sort(samples);
    const auto at = [&](double q) {
      return samples[static_cast<std::size_t>(q * static_cast<double>(samples.size() - 1))];
    };
    fmt::print(R"({{"samples":{},"ms_p50":{:.2f},"ms_p99":{:.2f},"ms_max":{:.2f}}})"
               "\n",
               samples.size(), at(0.5), at(0.99), samples.back());
  }

 private:
  std::uint64_t nonce_of(const Address& address) {
    return quantity(client_, "eth_getTransactionCount",
                    fmt::format(R"(["{}","latest"])", codec::to_hex_data(address)));
  }

  void wait_for_nonce(const Address& address, std::uint64_t nonce) {
    const Instant deadline =
        platform::monotonic_now() + std::chrono::seconds{options_.timeout_seconds};
    while (nonce_of(address) < nonce) {
      if (platform::monotonic_now() > deadline)
        give_up({err::rpc_failed, "transactions were not included in time"});
      std::this_thread::sleep_for(20ms);
    }
  }

  Bytes sign_and_encode(Account& from, std::optional<Address> to, Bytes data, std::uint64_t gas) {
    types::Transaction transaction;
    transaction.type = types::TransactionType::dynamic_fee;
    transaction.chain_id = chain_id_;
    transaction.nonce = from.nonce++;
    transaction.gas_limit = gas;
    transaction.to = to;
    transaction.data = std::move(data);
    if (from.native) {
      transaction.type = types::TransactionType::native;
      types::sign_native(transaction, *from.native);
    } else if (!types::sign(transaction, from.secret)) {
      give_up({err::bad_argument, "cannot sign"});
    }
    return types::encode(transaction);
  }

  Bytes transfer(Account& from, const Address& to, const U256& amount) {
    Bytes data{0xa9, 0x05, 0x9c, 0xbb};  // transfer(address,uint256)
    append(data, to_hash(to_u256(to)));
    append(data, to_hash(amount));
    return sign_and_encode(from, token_, std::move(data), 100'000);
  }

  void deploy() {
    const auto text = platform::read_text(options_.code_file);
    if (!text) give_up({text.error(), options_.code_file + ": cannot be read"});
    auto code = codec::from_hex(text->substr(0, text->find_last_not_of(" \r\n") + 1));
    if (!code) give_up({code.error(), options_.code_file + ": not hexadecimal"});
    const Bytes raw = sign_and_encode(funder_, std::nullopt, *std::move(code), 5'000'000);
    need(client_.call("eth_sendRawTransaction", fmt::format(R"(["{}"])", codec::to_hex_data(raw))));
    wait_for_nonce(funder_.address, funder_.nonce);
    const auto receipt =
        need(client_.call("eth_getTransactionReceipt",
                          fmt::format(R"(["{}"])", codec::to_hex_data(hash::keccak256(raw)))));
    const auto address = receipt.result().string_at("contractAddress");
    if (!address) give_up({err::rpc_failed, "the token was not deployed"});
    token_ = *codec::fixed_from_hex<Address>(*address);
  }

  std::vector<std::string> sign_all() {
    std::vector<std::string> bodies;
    std::vector<Bytes> raw;
    for (std::uint64_t i = 0; i < options_.transactions; ++i) {
      Account& from = accounts_[i % accounts_.size()];
      const Account& to = accounts_[(i * 7 + 1) % accounts_.size()];
      raw.push_back(transfer(from, to.address, U256{1}));
      if (raw.size() == options_.batch) bodies.push_back(batch_body(std::exchange(raw, {})));
    }
    if (!raw.empty()) bodies.push_back(batch_body(raw));
    return bodies;
  }

  static std::string batch_body(const std::vector<Bytes>& raw) {
    std::string out = "[";
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (i != 0) out += ',';
      out += fmt::format(
          R"({{"jsonrpc":"2.0","id":{},"method":"eth_sendRawTransaction","params":[")", i);
      out += "0x";
      codec::append_hex(out, raw[i]);
      out += "\"]}";
    }
    return out + "]";
  }

  void send_body(RpcClient& client, const std::string& body) {
    const auto reply = need(client.post(body));
    std::size_t refused = 0;
    for (std::size_t at = reply.find("\"error\""); at != std::string::npos;
         at = reply.find("\"error\"", at + 1))
      ++refused;
    if (refused != 0 && refused_.fetch_add(refused) == 0) {
      fmt::print(stderr, "first refusal: {}\n", reply.substr(0, 400));
    }
  }

  /// Waits until blocks after `first` hold every transaction. @return how many blocks it took
  std::uint64_t count_blocks(std::uint64_t first) {
    const Instant deadline =
        platform::monotonic_now() + std::chrono::seconds{options_.timeout_seconds};
    std::uint64_t included = 0;
    std::uint64_t last_used = first;
    for (std::uint64_t at = first + 1; included < options_.transactions;) {
      if (platform::monotonic_now() > deadline)
        give_up(
            {err::rpc_failed, fmt::format("only {} transactions were included in time", included)});
      const std::uint64_t head = quantity(client_, "eth_blockNumber");
      for (; at <= head && included < options_.transactions; ++at) {
        included += quantity(client_, "eth_getBlockTransactionCountByNumber",
                             fmt::format(R"(["0x{:x}"])", at));
        last_used = at;
      }
      std::this_thread::sleep_for(10ms);
    }
    return last_used - first;
  }

  /// Every account's nonce moved as planned, and nothing was lost from the token's supply.
  void verify() {
    U256 sum;
    for (const Account& account : accounts_) {
      const std::string data = "0x70a08231" + codec::to_hex(to_hash(to_u256(account.address)));
      const auto reply =
          need(client_.call("eth_call", fmt::format(R"([{{"to":"{}","data":"{}"}},"latest"])",
                                                    codec::to_hex_data(token_), data)));
      const auto word = codec::fixed_from_hex<Hash>(*reply.result().string());
      if (word) sum += to_u256(*word);
    }
    const U256 expected = U256{1'000'000'000} * U256{accounts_.size()};
    if (sum != expected) give_up({err::rpc_failed, "token balances do not add up after the load"});
  }

  Options options_;
  RpcClient client_;
  crypto::Scheme scheme_{};
  std::uint64_t chain_id_{0};
  Account funder_;
  Address token_;
  std::vector<Account> accounts_;
  std::atomic<std::size_t> refused_{0};
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Sends signed ERC-20 transfers to an Ethereum JSON-RPC node and measures it"};
  app.add_option("--rpc", options.rpc, "The node")->capture_default_str();
  app.add_option("--code", options.code_file,
                 "Hexadecimal creation code of an ERC-20 that mints to its creator")
      ->required();
  app.add_option("--scheme", options.scheme, "How senders sign: secp256k1, ed25519, sm2")
      ->capture_default_str();
  app.add_option("--accounts", options.accounts, "Senders")->capture_default_str();
  app.add_option("--transactions", options.transactions, "Transfers")->capture_default_str();
  app.add_option("--batch", options.batch, "Transfers in one request")->capture_default_str();
  app.add_option("--connections", options.connections, "Connections that send")
      ->capture_default_str();
  app.add_option("--latency", options.latency_samples,
                 "Measure this many transfers one by one instead");
  app.add_option("--timeout", options.timeout_seconds, "Seconds")->capture_default_str();
  app.footer("Example: wusong_load --code token.hex --transactions 50000 --batch 200");
  CLI11_PARSE(app, argc, argv);
  Load load{options};
  load.prepare();
  if (options.latency_samples != 0) {
    load.latency();
  } else {
    load.throughput();
  }
  return 0;
}
