// SPDX-License-Identifier: Apache-2.0
// `wusong crypto speed`: what this machine does, on one thread or several.
#include <fmt/format.h>

#include <atomic>
#include <functional>
#include <thread>

#include "wusong/apps/crypto_command.hpp"
#include "wusong/apps/report.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/platform/os_entropy.hpp"
#include "wusong/suite/digest.hpp"
#include "wusong/suite/key.hpp"
#include "wusong/suite/symmetric.hpp"

namespace wusong::apps {
namespace {

using suite::Kind;
using suite::Scheme;

constexpr std::size_t kMany = 256;  // signatures or digests at once
constexpr std::size_t kTextBytes = 1u << 20;
constexpr std::uint64_t kThreadsMax = 1024;

/// One round of some operation, for one thread alone.
using Round = std::function<void()>;
struct Operation {
  std::string_view name;
  std::size_t count;  // of operations, or of bytes, in a round
  bool is_bytes;
  std::function<Round()> prepare;
};

struct Figure {
  std::string_view scheme;
  std::string_view operation;
  double per_second;
  bool is_bytes;
};

/// All threads begin together, and each stops by itself when the time is over.
double measure(const Operation& operation, const CryptoSpeedOptions& options) {
  using Clock = std::chrono::steady_clock;
  std::vector<Round> rounds;
  for (std::uint64_t i = 0; i < options.threads; ++i) {
    rounds.push_back(operation.prepare());
    rounds.back()();  // warm: tables, pages
  }
  std::atomic<bool> go{false};
  std::vector<double> rates(options.threads);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < rounds.size(); ++i) {
    threads.emplace_back([&, i] {
      go.wait(false);
      const auto begin = Clock::now();
      std::size_t done = 0;
      std::chrono::duration<double> took{};
      do {
        rounds[i]();
        ++done;
        took = Clock::now() - begin;
      } while (took.count() < options.seconds);
      rates[i] = static_cast<double>(done * operation.count) / took.count();
    });
  }
  go = true;
  go.notify_all();
  double sum = 0;
  for (std::size_t i = 0; i < threads.size(); ++i) {
    threads[i].join();
    sum += rates[i];
  }
  return sum;
}

/// A key of its own for each thread, and messages of 32 bytes.
struct Signing {
  explicit Signing(const Scheme& scheme)
      : key{*suite::SecretKey::generate(scheme, entropy)}, texts(kMany, Bytes(32)) {
    for (Bytes& each : texts) entropy.fill(each);
    messages.assign(texts.begin(), texts.end());
  }
  void sign(std::size_t count) {
    signatures = *key.sign_batch(std::span{messages}.first(count), entropy);
  }
  void verify() {
    std::vector<suite::VerifyRequest> requests;
    for (std::size_t i = 0; i < signatures.size(); ++i)
      requests.push_back({&key.public_key(), messages[i], signatures[i]});
    for (const auto& verdict : suite::verify_batch(requests)) WUSONG_ASSERT(verdict.has_value());
  }

  platform::OsEntropy entropy;
  suite::SecretKey key;
  std::vector<Bytes> texts;
  std::vector<BytesView> messages;
  std::vector<Bytes> signatures;
};

std::vector<Operation> of_signature(const Scheme& scheme) {
  const auto signing = [&scheme](std::size_t count) {
    return [&scheme, count]() -> Round {
      const auto state = std::make_shared<Signing>(scheme);
      return [state, count] { state->sign(count); };
    };
  };
  const auto verifying = [&scheme](std::size_t count) {
    return [&scheme, count]() -> Round {
      const auto state = std::make_shared<Signing>(scheme);
      state->sign(count);
      return [state] { state->verify(); };
    };
  };
  std::vector<Operation> out{{"sign", 1, false, signing(1)}, {"verify", 1, false, verifying(1)}};
  if (scheme.name == "sm2" || scheme.name == "ed25519") {
    out.push_back({"sign, many", kMany, false, signing(kMany)});
    out.push_back({"verify, many", kMany, false, verifying(kMany)});
  }
  return out;
}

std::vector<Operation> of_encapsulation(const Scheme& scheme) {
  const auto with_key = [&scheme](auto use) {
    return [&scheme, use]() -> Round {
      platform::OsEntropy entropy;
      const auto key =
          std::make_shared<suite::SecretKey>(*suite::SecretKey::generate(scheme, entropy));
      const auto sent = std::make_shared<Bytes>(key->public_key().encapsulate(entropy)->ciphertext);
      return [key, sent, use] { use(*key, *sent); };
    };
  };
  return {{"keygen", 1, false,
           [&scheme]() -> Round {
             return [&scheme] {
               platform::OsEntropy entropy;
               WUSONG_ASSERT(suite::SecretKey::generate(scheme, entropy).has_value());
             };
           }},
          {"encapsulate", 1, false, with_key([](const suite::SecretKey& key, const Bytes&) {
             platform::OsEntropy entropy;
             WUSONG_ASSERT(key.public_key().encapsulate(entropy).has_value());
           })},
          {"decapsulate", 1, false, with_key([](const suite::SecretKey& key, const Bytes& sent) {
             WUSONG_ASSERT(key.decapsulate(sent).has_value());
           })}};
}

std::vector<Operation> of_agreement(const Scheme& scheme) {
  return {{"agree", 1, false, [&scheme]() -> Round {
             platform::OsEntropy entropy;
             const auto key =
                 std::make_shared<suite::SecretKey>(*suite::SecretKey::generate(scheme, entropy));
             return [key] { WUSONG_ASSERT(key->agree(key->public_key()).has_value()); };
           }}};
}

std::vector<Operation> of_cipher(const Scheme& scheme) {
  return {{"encrypt", kTextBytes, true, [&scheme]() -> Round {
             platform::OsEntropy entropy;
             Bytes secret(scheme.secret_key);
             entropy.fill(secret);
             const auto key = std::make_shared<suite::SymmetricKey>(
                 *suite::SymmetricKey::create(scheme, secret));
             const auto nonce = std::make_shared<Bytes>(scheme.public_key);
             const auto text = std::make_shared<Bytes>(kTextBytes);
             const auto out = std::make_shared<Bytes>(kTextBytes + scheme.result);
             return [=] {
               WUSONG_ASSERT(
                   key->encrypt({.nonce = *nonce, .associated = {}}, *text, *out).has_value());
             };
           }}};
}

std::vector<Operation> of_digest(const Scheme& scheme) {
  return {{"digest", kTextBytes, true,
           [&scheme]() -> Round {
             const auto text = std::make_shared<Bytes>(kTextBytes);
             return
                 [&scheme, text] { WUSONG_ASSERT(suite::digest(scheme.name, *text).has_value()); };
           }},
          {"digest, many", kTextBytes, true, [&scheme]() -> Round {
             const auto text = std::make_shared<Bytes>(kTextBytes);
             std::vector<BytesView> messages;
             for (std::size_t at = 0; at < kTextBytes; at += kTextBytes / kMany)
               messages.push_back(BytesView{*text}.subspan(at, kTextBytes / kMany));
             return [&scheme, text, messages] {
               WUSONG_ASSERT(suite::digest_batch(scheme.name, messages).has_value());
             };
           }}};
}

std::vector<Operation> operations_of(const Scheme& scheme) {
  switch (scheme.kind) {
    case Kind::signature:
      if (scheme.name == "rsa") return {};  // keys come from elsewhere
      return of_signature(scheme);
    case Kind::encapsulation:
      return of_encapsulation(scheme);
    case Kind::agreement:
      return of_agreement(scheme);
    case Kind::cipher:
      return of_cipher(scheme);
    case Kind::digest:
      return of_digest(scheme);
  }
  return {};
}

std::string shown(const Figure& figure) {
  if (figure.is_bytes) return fmt::format("{:.2f} GB/s", figure.per_second / 1e9);
  return figure.per_second < 100 ? fmt::format("{:.1f} /s", figure.per_second)
                                 : fmt::format("{:.0f} /s", figure.per_second);
}

}  // namespace

int crypto_speed(const CryptoSpeedOptions& options) {
  if (options.threads == 0 || options.threads > kThreadsMax || !(options.seconds > 0) ||
      options.seconds > 3600) {
    return complain(
        {err::bad_argument, "--threads is 1 to 1024, --seconds above 0 and at most 3600"});
  }
  std::vector<const Scheme*> chosen;
  for (const std::string& name : options.schemes) {
    const Scheme* const found = suite::find_scheme(name);
    if (found == nullptr) {
      return complain(
          {err::bad_argument,
           fmt::format("no scheme is called \"{}\"; see `wusong crypto schemes`", name)});
    }
    chosen.push_back(found);
  }
  if (options.schemes.empty())
    for (const Scheme& each : suite::schemes()) chosen.push_back(&each);
  std::vector<Figure> figures;
  Progress progress{"schemes"};
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    progress.at(i, chosen.size());
    for (const Operation& each : operations_of(*chosen[i]))
      figures.push_back({chosen[i]->name, each.name, measure(each, options), each.is_bytes});
  }
  const auto per_core = [&options](const Figure& each) {
    return static_cast<double>(options.threads) * 1e9 / each.per_second;
  };
  if (options.json) {
    codec::JsonWriter out;
    out.open_array();
    for (const Figure& each : figures) {
      out.open_object().key("scheme").string(each.scheme);
      out.key("operation").string(each.operation).key("threads").number(options.threads);
      out.key(each.is_bytes ? "bytesPerSecond" : "perSecond").number(each.per_second);
      out.key(each.is_bytes ? "nanosecondsPerByte" : "nanoseconds").number(per_core(each));
      out.close_object();
    }
    say(out.close_array().text());
    return 0;
  }
  std::vector<std::vector<std::string>> rows{{"scheme", "operation", "rate", "ns on a core"}};
  for (const Figure& each : figures) {
    rows.push_back({std::string{each.scheme}, std::string{each.operation}, shown(each),
                    each.is_bytes ? fmt::format("{:.3f} a byte", per_core(each))
                                  : fmt::format("{:.0f}", per_core(each))});
  }
  say(table(rows) + fmt::format("\n{}; \"many\" is {} at once; texts of 1 MiB, many of 4 KiB\n",
                                counted(options.threads, "thread"), kMany));
  return 0;
}

}  // namespace wusong::apps
