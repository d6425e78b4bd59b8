// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/provider_logins.hpp"

#include "wusong/crypto/password.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/tables.hpp"

namespace wusong::gateway {
namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr std::string_view kClaimUse = "provider claim";
constexpr std::string_view kBindingColumns = "id, provider, account, name, created, used";

std::string to_json(const openid::OutsideIdentity& identity) {
  codec::JsonWriter out;
  out.open_object().key("name").string(identity.name).key("email").string(identity.email);
  out.key("legal_name").string(identity.legal_name).key("number").string(identity.number);
  return out.close_object().take();
}

Result<ProviderClaim> claim_of(const Row& row, const ServerKeys& keys) {
  ProviderClaim out{text_of(row[0]), text_of(row[1]), {}};
  out.identity.subject = text_of(row[2]);
  WUSONG_TRY(const auto plain, keys.open(kClaimUse, blob_of(row[3])));
  WUSONG_TRY(const auto document, codec::JsonDocument::parse(as_text(plain.view())));
  const auto text = [&](std::string_view name) {
    return std::string{document.root().string_at(name).value_or("")};
  };
  out.identity.name = text("name");
  out.identity.email = text("email");
  out.identity.legal_name = text("legal_name");
  out.identity.number = text("number");
  return out;
}

ProviderBindings::Binding binding_of(const Row& row) {
  return {text_of(row[0]),
          text_of(row[1]),
          text_of(row[2]),
          text_of(row[3]),
          static_cast<std::uint64_t>(number_of(row[4])),
          static_cast<std::uint64_t>(number_of(row[5]))};
}

}  // namespace

std::string ProviderLogins::derived(std::string_view use, std::string_view state) const {
  return base64url(hmac_sha256(keys_->flows(), std::string{use} + " " + std::string{state}));
}
std::string ProviderLogins::nonce_of(std::string_view state) const {
  return derived("nonce", state);
}
std::string ProviderLogins::verifier_of(std::string_view state) const {
  return derived("verifier", state);
}

Result<ProviderLogins::Opened> ProviderLogins::open(const ProviderFlow& flow, UnixMillis now) {
  WUSONG_CHECK(run(*db_, "DELETE FROM provider_flows WHERE expires < $1", sql(now.value)));
  WUSONG_TRY(const auto open, find_row(*db_, "SELECT count(*) FROM provider_flows"));
  if (!open || number_of((*open)[0]) >= static_cast<std::int64_t>(kProviderFlowsMax)) {
    return fail(err::unavailable);
  }
  Opened out{random_hex(*entropy_, kSecretBytes), random_hex(*entropy_, kSecretBytes)};
  WUSONG_CHECK(run(*db_,
                   "INSERT INTO provider_flows(state, browser, provider, account, target, expires) "
                   "VALUES ($1, $2, $3, $4, $5, $6)",
                   sql(digest_hex(out.state)), sql(digest_hex(out.browser)), sql(flow.provider),
                   sql(flow.account), sql(flow.target), sql(now.value + kProviderFlowMs)));
  return out;
}

Result<std::optional<ProviderFlow>> ProviderLogins::take(std::string_view state,
                                                         std::string_view browser, UnixMillis now) {
  using Taken = std::optional<ProviderFlow>;
  if (!is_hex(state, kSecretBytes * 2) || !is_hex(browser, kSecretBytes * 2)) return Taken{};
  const std::string digest = digest_hex(state);
  WUSONG_TRY(const auto row,
             find_row(*db_,
                      "SELECT browser, provider, account, target, expires FROM provider_flows "
                      "WHERE state = $1",
                      sql(digest)));
  // Another browser's question stays: whoever shows its state cannot end it.
  if (!row || !crypto::equal_secrets(text_of((*row)[0]), digest_hex(browser))) return Taken{};
  WUSONG_TRY(const auto taken,
             run(*db_, "DELETE FROM provider_flows WHERE state = $1", sql(digest)));
  if (taken != 1 || static_cast<std::uint64_t>(number_of((*row)[4])) < now.value) return Taken{};
  return Taken{{text_of((*row)[1]), text_of((*row)[2]), text_of((*row)[3])}};
}

Result<std::string> ProviderLogins::hold(const ProviderClaim& claim, UnixMillis now) {
  WUSONG_CHECK(run(*db_, "DELETE FROM provider_claims WHERE expires < $1", sql(now.value)));
  std::string out = random_hex(*entropy_, kSecretBytes);
  const Bytes sealed = keys_->seal(kClaimUse, as_bytes(to_json(claim.identity)), *entropy_);
  WUSONG_CHECK(run(*db_,
                   "INSERT INTO provider_claims(browser, provider, issuer, subject, sealed, "
                   "expires) VALUES ($1, $2, $3, $4, $5, $6)",
                   sql(digest_hex(out)), sql(claim.provider), sql(claim.issuer),
                   sql(claim.identity.subject), sql(sealed), sql(now.value + kProviderClaimMs)));
  return out;
}

Result<std::optional<ProviderClaim>> ProviderLogins::claim(std::string_view browser,
                                                           UnixMillis now) {
  if (!is_hex(browser, kSecretBytes * 2)) return std::optional<ProviderClaim>{};
  WUSONG_TRY(const auto row, find_row(*db_,
                                      "SELECT provider, issuer, subject, sealed FROM "
                                      "provider_claims WHERE browser = $1 AND expires >= $2",
                                      sql(digest_hex(browser)), sql(now.value)));
  if (!row) return std::optional<ProviderClaim>{};
  WUSONG_TRY(auto out, claim_of(*row, *keys_));
  return std::optional{std::move(out)};
}

Result<std::optional<ProviderClaim>> ProviderLogins::take_claim(std::string_view browser,
                                                                UnixMillis now) {
  WUSONG_TRY(auto out, claim(browser, now));
  if (!out) return out;
  WUSONG_TRY(const auto taken,
             run(*db_, "DELETE FROM provider_claims WHERE browser = $1", sql(digest_hex(browser))));
  if (taken != 1) out.reset();
  return out;
}

Result<void> ProviderBindings::bind(const ProviderClaim& claim, std::string_view account,
                                    io::Entropy& entropy, UnixMillis now) {
  const auto& identity = claim.identity;
  return transact(*db_, [&]() -> Result<void> {
    WUSONG_TRY(const auto existing, find(claim.issuer, identity.subject));
    if (existing && existing->account == account) return {};
    if (existing) return fail(err::identity_bound);
    WUSONG_TRY(const auto all, list(account));
    if (all.size() >= kMost) return fail(err::quota);
    const auto& name = !identity.name.empty()    ? identity.name
                       : !identity.email.empty() ? identity.email
                                                 : identity.subject;
    WUSONG_CHECK(run(*db_,
                     "INSERT INTO provider_bindings(id, provider, issuer, subject, account, name, "
                     "created, used) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)",
                     sql(random_hex(entropy, 16)), sql(claim.provider), sql(claim.issuer),
                     sql(identity.subject), sql(account), sql(name), sql(now.value)));
    return {};
  });
}

Result<std::optional<ProviderBindings::Binding>> ProviderBindings::find(std::string_view issuer,
                                                                        std::string_view subject) {
  static const std::string text = "SELECT " + std::string{kBindingColumns} +
                                  " FROM provider_bindings WHERE issuer = $1 AND subject = $2";
  WUSONG_TRY(const auto row, find_row(*db_, text, sql(issuer), sql(subject)));
  if (!row) return std::optional<Binding>{};
  return std::optional{binding_of(*row)};
}

Result<std::vector<ProviderBindings::Binding>> ProviderBindings::list(std::string_view account) {
  static const std::string text = "SELECT " + std::string{kBindingColumns} +
                                  " FROM provider_bindings WHERE account = $1 ORDER BY created, id";
  WUSONG_TRY(const auto rows, find_rows(*db_, text, sql(account)));
  std::vector<Binding> out;
  for (const auto& row : rows.rows) out.push_back(binding_of(row));
  return out;
}

Result<bool> ProviderBindings::remove(std::string_view id, std::string_view account,
                                      std::string_view session_token) {
  bool found = false;
  const auto done = transact(*db_, [&]() -> Result<void> {
    WUSONG_TRY(
        const auto row,
        find_row(*db_, "SELECT provider FROM provider_bindings WHERE id = $1 AND account = $2",
                 sql(id), sql(account)));
    found = row.has_value();
    if (!found) return {};
    WUSONG_CHECK(run(*db_, "DELETE FROM provider_bindings WHERE id = $1", sql(id)));
    WUSONG_CHECK(run(*db_,
                     "DELETE FROM sessions WHERE account = $1 AND provider = $2 AND token <> $3",
                     sql(account), sql(text_of((*row)[0])), sql(digest_hex(session_token))));
    return {};
  });
  if (!done) return fail(done.error());
  return found;
}

Result<void> ProviderBindings::mark_used(std::string_view id, UnixMillis now) {
  WUSONG_CHECK(
      run(*db_, "UPDATE provider_bindings SET used = $1 WHERE id = $2", sql(now.value), sql(id)));
  return {};
}

}  // namespace wusong::gateway
