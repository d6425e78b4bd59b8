// SPDX-License-Identifier: Apache-2.0
// Every handler of the route table, by the file that holds it.
#pragma once

#include "wusong/gateway/provider_logins.hpp"
#include "wusong/gateway/reply.hpp"
#include "wusong/gateway/router.hpp"

namespace wusong::gateway::internal {

// api_account.cpp
Result<Response> register_account(Exchange& exchange);
Result<Response> login(Exchange& exchange);
Result<Response> logout(Exchange& exchange);
Result<Response> me(Exchange& exchange);
Result<Response> change_password(Exchange& exchange);
Result<Response> list_tokens(Exchange& exchange);
Result<Response> add_token(Exchange& exchange);
Result<Response> remove_token(Exchange& exchange);
Result<Response> list_accounts(Exchange& exchange);
Result<Response> set_account(Exchange& exchange);

// api_datasets.cpp
Result<Response> list_datasets(Exchange& exchange);
Result<Response> show_dataset(Exchange& exchange);
Result<Response> dataset_versions(Exchange& exchange);
Result<Response> stats(Exchange& exchange);

// api_directory.cpp
Result<Response> organisations(Exchange& exchange);
Result<Response> set_organisation(Exchange& exchange);
Result<Response> list_actors(Exchange& exchange);
Result<Response> set_actor(Exchange& exchange);

// api_tables.cpp
Result<Response> dataset_preview(Exchange& exchange);
Result<Response> dataset_profile(Exchange& exchange);
Result<Response> dataset_rows(Exchange& exchange);
Result<Response> dataset_aggregate(Exchange& exchange);
Result<Response> file_preview(Exchange& exchange);
Result<Response> file_profile(Exchange& exchange);
Result<Response> dataset_diff(Exchange& exchange);
Result<Response> check_quality(Exchange& exchange);
Result<Response> dataset_quality(Exchange& exchange);
Result<Response> desensitise_file(Exchange& exchange);

// api_items.cpp
Result<Response> list_items(Exchange& exchange);
Result<Response> show_item(Exchange& exchange);
Result<Response> list_actions(Exchange& exchange);
Result<Response> list_alerts(Exchange& exchange);

// api_acts.cpp
Result<Response> create_item(Exchange& exchange);
Result<Response> act_on_item(Exchange& exchange);
Result<Response> prepare(Exchange& exchange);
Result<Response> submit_transaction(Exchange& exchange);
Result<Response> list_outbox(Exchange& exchange);
Result<Response> show_outbox(Exchange& exchange);

// api_files.cpp
Result<Response> begin_upload(Exchange& exchange);
Result<Response> upload_state(Exchange& exchange);
Result<Response> append_upload(Exchange& exchange);
Result<Response> finish_upload(Exchange& exchange);
Result<Response> abort_upload(Exchange& exchange);
Result<Response> get_file(Exchange& exchange);
Result<Response> list_audit(Exchange& exchange);

/// Acts on the chain, newest first. In api_chain.cpp.
Result<Response> audit_of_acts(Exchange& exchange);

// api_chain.cpp
/// One call of the node; the result as JSON text, or nothing where it refuses or has none.
/// @errors err::chain_unreachable
[[nodiscard]] Result<std::optional<std::string>> node_call(Exchange& exchange,
                                                           std::string_view method,
                                                           std::string_view params);
Result<Response> list_rules(Exchange& exchange);
Result<Response> show_rules(Exchange& exchange);
Result<Response> list_documents(Exchange& exchange);
Result<Response> chain_info(Exchange& exchange);
Result<Response> item_proof(Exchange& exchange);
Result<Response> rpc(Exchange& exchange);
Result<Response> health(Exchange& exchange);
Result<Response> show_openapi(Exchange& exchange);

// ckan.cpp
Result<Response> ckan(Exchange& exchange);
/// What the gateway refuses before an action is asked, in CKAN's envelope.
Response ckan_refusal(const Problem& problem);

// catalog.cpp
Result<Response> catalog_jsonld(Exchange& exchange);
Result<Response> catalog_turtle(Exchange& exchange);
Result<Response> dataset_jsonld(Exchange& exchange);
Result<Response> dataset_turtle(Exchange& exchange);
Result<Response> dataset_policy(Exchange& exchange);
Result<Response> data_package(Exchange& exchange);

// api_identity.cpp
Result<Response> did_challenge(Exchange& exchange);
Result<Response> did_login(Exchange& exchange);
Result<Response> did_bind(Exchange& exchange);
Result<Response> did_resolve(Exchange& exchange);
Result<Response> list_dids(Exchange& exchange);
Result<Response> remove_did(Exchange& exchange);
Result<Response> passkey_register_begin(Exchange& exchange);
Result<Response> passkey_register_finish(Exchange& exchange);
Result<Response> passkey_login_begin(Exchange& exchange);
Result<Response> passkey_login_finish(Exchange& exchange);
Result<Response> list_passkeys(Exchange& exchange);
Result<Response> remove_passkey(Exchange& exchange);

// oidc_authorize.cpp
Result<Response> oidc_authorize(Exchange& exchange);
Result<Response> oidc_authorize_form(Exchange& exchange);
Result<Response> oidc_login(Exchange& exchange);
Result<Response> oidc_consent(Exchange& exchange);

// oidc_token.cpp
Result<Response> oidc_discovery(Exchange& exchange);
Result<Response> oidc_keys(Exchange& exchange);
Result<Response> oidc_token(Exchange& exchange);
Result<Response> oidc_userinfo(Exchange& exchange);
Result<Response> oidc_revoke(Exchange& exchange);
Result<Response> list_oidc_clients(Exchange& exchange);
Result<Response> add_oidc_client(Exchange& exchange);
Result<Response> remove_oidc_client(Exchange& exchange);

// api_providers.cpp
/// An identity of another site that waits, in this browser, for an account.
/// Nothing where there is none; `take`: it is gone afterwards. @errors io's
Result<std::optional<ProviderClaim>> waiting_claim(Exchange& exchange, bool take);
/// @errors err::sign_in_expired (there is none), err::identity_bound, err::quota
Result<void> bind_waiting_claim(Exchange& exchange, const Account& account);
inline portal::Text label_of(const openid::IdentityProvider& provider) {
  return {provider.label_zh, provider.label_en};
}
/// Where the person signs out of that site too; empty where it offers no such place.
std::string provider_logout(const Exchange& exchange, const openid::IdentityProvider& provider);
Result<Response> list_providers(Exchange& exchange);
Result<Response> provider_start(Exchange& exchange);
Result<Response> provider_callback(Exchange& exchange);
Result<Response> list_bindings(Exchange& exchange);
Result<Response> bind_provider(Exchange& exchange);
Result<Response> bind_waiting(Exchange& exchange);
Result<Response> remove_binding(Exchange& exchange);

// pages.cpp
Result<Response> home_page(Exchange& exchange);
Result<Response> search_page(Exchange& exchange);
Result<Response> dataset_page(Exchange& exchange);
Result<Response> any_page(Exchange& exchange);
/// A page that says what is wrong.
Response problem_page(const Exchange& exchange, const Problem& problem);

}  // namespace wusong::gateway::internal
