// SPDX-License-Identifier: Apache-2.0
// Organisations and who acts for them: read from the projection, set through the Directory
// contract, which alone decides who may.
#include <algorithm>

#include "wusong/codec/hex.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/internal/acting.hpp"
#include "wusong/gateway/internal/handlers.hpp"
#include "wusong/gateway/internal/search.hpp"
#include "wusong/gateway/internal/view.hpp"
#include "wusong/portal/documents.hpp"

namespace wusong::gateway::internal {
namespace {

constexpr std::string_view kArticle = "SZ 3";
constexpr std::uint64_t kOrganisationMax = 0xffffffff;

/// A member as a number, `otherwise` where it is missing. @errors err::bad_request
Result<std::uint64_t> number_member(const codec::JsonValue& object, std::string_view name,
                                    std::uint64_t otherwise, std::uint64_t most) {
  const auto found = object.find(name);
  if (!found || found->is_null()) return otherwise;
  WUSONG_TRY(const auto out, found->u64());
  if (out > most) return fail(err::bad_request);
  return out;
}
Result<bool> flag_member(const codec::JsonValue& object, std::string_view name, bool otherwise) {
  const auto found = object.find(name);
  if (!found || found->is_null()) return otherwise;
  return found->boolean();
}

/// What became of a setting; the contract's refusals in words.
Response directory_answer(const OutboxEntry& entry) {
  for (std::size_t i = 0; i < portal::kDirectoryRefusalCount; ++i) {
    const auto& info = portal::info_of(static_cast<portal::DirectoryRefusal>(i));
    if (entry.status == OutboxStatus::reverted && entry.reason == info.name) {
      return to_response(Problem{.status = 403,
                                 .code = std::string{info.name},
                                 .message = info.why.text(),
                                 .article = std::string{kArticle},
                                 .next = info.next.text()});
    }
  }
  return outbox_answer(entry);
}

/// `once` is empty where every call is another one.
Result<Response> set_in_directory(Exchange& exchange, Bytes call, std::string_view about,
                                  std::string once) {
  if (!exchange.session->account.custodial) return fail(err::forbidden);
  if (once.empty()) once = "directory " + random_hex(exchange.shared.entropy, 16);
  const auto entry = submit(exchange, {.account = exchange.session->account.id,
                                       .to = exchange.shared.settings.contracts.directory,
                                       .data = std::move(call),
                                       .gas = 500'000,
                                       .once = std::move(once),
                                       .item = {},
                                       .about = std::string{about}});
  if (!entry) return to_response(entry.error());
  return directory_answer(*entry);
}

/// Two who register at once would choose one number: under one name the outbox takes only the
/// first, and tells the second. What the contract refused does not stand in the way.
Result<std::string> once_of_number(Exchange& exchange, std::uint64_t id) {
  Outbox outbox{exchange.db.own, exchange.shared.chain, refusal_name};
  for (std::uint64_t attempt = 0;; ++attempt) {
    auto once = "organisation " + std::to_string(id) + " " + std::to_string(attempt);
    WUSONG_TRY(const auto before, outbox.by_once(once));
    if (!before || before->status == OutboxStatus::waiting ||
        before->status == OutboxStatus::final) {
      return once;
    }
  }
}

Result<std::uint32_t> roles_member(const codec::JsonValue& object, const portal::RulePack& pack,
                                   std::uint32_t otherwise) {
  const auto found = object.find("roles");
  if (!found || found->is_null()) return otherwise;
  std::uint32_t out = 0;
  for (const auto& one : found->items()) {
    const auto* role = pack.role(one.is_string() ? one.string().value_or("") : "");
    if (role == nullptr) return fail(err::bad_request);
    out |= std::uint32_t{1} << role->number;
  }
  return out;
}

}  // namespace

Result<Response> organisations(Exchange& exchange) {
  portal::ProjectionReader reader{exchange.db.projection};
  WUSONG_TRY(const auto all, reader.organisations());
  portal::DatasetQuery query;
  query.limit = 0;
  WUSONG_TRY(const auto found, search_visible(exchange, query));
  codec::JsonWriter out;
  out.open_object().key("total").number(std::uint64_t{all.size()});
  out.key("organisations").open_array();
  for (const auto& one : all) {
    out.open_object().key("id").number(std::uint64_t{one.id});
    write_text(out, "title", one.title.empty() ? organisation_title(exchange, one.id) : one.title);
    out.key("parent").number(std::uint64_t{one.organisation.parent});
    out.key("kind").number(std::uint64_t{one.organisation.kind});
    out.key("active").boolean(one.organisation.active);
    for (const auto& facet : found.facets) {
      if (facet.name != "organisation") continue;
      for (const auto& value : facet.values) {
        if (value.value == std::to_string(one.id)) out.key("datasets").number(value.count);
      }
    }
    out.close_object();
  }
  return json_response(out.close_array().close_object().take());
}

Result<Response> set_organisation(Exchange& exchange) {
  WUSONG_TRY(const auto body, json_body(exchange));
  const auto root = body.root();
  portal::ProjectionReader reader{exchange.db.projection};
  WUSONG_TRY(auto id, number_member(root, "id", 0, kOrganisationMax));
  portal::Organisation one{.parent = 0, .kind = 0, .active = true, .document = {}};
  const bool is_new = id == 0;
  if (is_new) {
    WUSONG_TRY(const auto all, reader.organisations());
    for (const auto& known : all) id = std::max<std::uint64_t>(id, known.id);
    ++id;
  } else {
    WUSONG_TRY(const auto before, reader.organisation(static_cast<std::uint32_t>(id)));
    if (!before) return fail(err::not_found);
    one = *before;
  }
  WUSONG_TRY(const auto parent, number_member(root, "parent", one.parent, kOrganisationMax));
  WUSONG_TRY(const auto kind, number_member(root, "kind", one.kind, 255));
  WUSONG_TRY(one.active, flag_member(root, "active", one.active));
  one.parent = static_cast<std::uint32_t>(parent);
  one.kind = static_cast<std::uint8_t>(kind);
  if (root.find("title") || is_new) {
    codec::JsonWriter description;
    description.open_object();
    write_text(description, "title", text_member(root, "title"));
    if (const auto contact = text_of_member(root, "contact"); !contact.empty()) {
      description.key("contact").string(contact);
    }
    const auto document =
        portal::make_document("organisation", description.close_object().take(), {});
    if (!document) return fail(document.error().error);
    WUSONG_TRY(const auto stored, exchange.shared.blobs.put(as_bytes(document->text)));
    one.document = stored.digest;
  }
  std::string once;
  if (is_new) {
    WUSONG_TRY(once, once_of_number(exchange, id));
  }
  return set_in_directory(exchange,
                          portal::encode_set_organisation_call(static_cast<std::uint32_t>(id), one),
                          "directory set_organisation", once);
}

Result<Response> list_actors(Exchange& exchange) {
  // The chain says this to everybody; a list by name is for those who run the directory.
  const auto& access = exchange.shared.access;
  if ((exchange.viewer.roles &
       (access.city_roles | access.district_roles | access.operator_roles)) == 0) {
    return fail(err::forbidden);
  }
  WUSONG_TRY(const auto of, exchange.number("organisation", 0, kOrganisationMax));
  WUSONG_TRY(const auto page, exchange.number("page", 1, 100'000));
  WUSONG_TRY(const auto size, exchange.number("page_size", 100, 100));
  if (page == 0 || size == 0) return fail(err::bad_request);
  portal::ProjectionReader reader{exchange.db.projection};
  WUSONG_TRY(const auto actors, reader.actors_of(static_cast<std::uint32_t>(of), (page - 1) * size,
                                                 static_cast<std::uint32_t>(size)));
  const auto* pack = current_pack(exchange);
  codec::JsonWriter out;
  out.open_object().key("page").number(page).key("page_size").number(size);
  out.key("actors").open_array();
  for (const auto& one : actors) {
    out.open_object().key("actor");
    write_actor(out, exchange, one.address);
    out.key("roles").open_array();
    for (unsigned bit = 0; pack != nullptr && bit < 32; ++bit) {
      const auto* role = pack->role(static_cast<std::uint8_t>(bit));
      if (role != nullptr && (one.actor.roles >> bit & 1) != 0) out.string(role->name);
    }
    out.close_array().key("active").boolean(one.actor.active).close_object();
  }
  return json_response(out.close_array().close_object().take());
}

Result<Response> set_actor(Exchange& exchange) {
  WUSONG_TRY(const auto body, json_body(exchange));
  const auto root = body.root();
  const auto* pack = current_pack(exchange);
  if (pack == nullptr) return fail(err::unavailable);
  const auto who = codec::fixed_from_hex<Address>(text_of_member(root, "address"));
  if (!who) return fail(err::bad_request);
  portal::ProjectionReader reader{exchange.db.projection};
  WUSONG_TRY(const auto before, reader.actor(*who));
  portal::Actor one = before.value_or(portal::Actor{.organisation = 0, .roles = 0, .active = true});
  WUSONG_TRY(const auto of,
             number_member(root, "organisation", one.organisation, kOrganisationMax));
  one.organisation = static_cast<std::uint32_t>(of);
  WUSONG_TRY(one.roles, roles_member(root, *pack, one.roles));
  WUSONG_TRY(one.active, flag_member(root, "active", one.active));
  return set_in_directory(exchange, portal::encode_set_actor_call(*who, one), "directory set_actor",
                          {});
}

}  // namespace wusong::gateway::internal
