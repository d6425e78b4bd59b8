// SPDX-License-Identifier: Apache-2.0
// What several handlers need: reading bodies and documents, writing the shapes that the web reads.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "wusong/codec/json.hpp"
#include "wusong/gateway/gateway.hpp"
#include "wusong/gateway/reply.hpp"
#include "wusong/portal/actions.hpp"
#include "wusong/portal/dataset.hpp"
#include "wusong/portal/documents.hpp"

namespace wusong::gateway::internal {

/// The body as a JSON object; an empty one where there is no body.
/// @errors err::bad_request
Result<codec::JsonDocument> json_body(const Exchange& exchange);
/// A member's text; empty where it is missing or of another kind.
std::string_view text_of_member(const codec::JsonValue& object, std::string_view name);
/// A member that holds {zh, en} or a plain string.
portal::Text text_member(const codec::JsonValue& object, std::string_view name);

/// "0x…" of a digest or an address.
std::string hex(BytesView bytes);

/// Whether the caller may see it, with everything the decision looks at.
struct Seen {
  portal::ItemRow row;
  portal::ItemView view;
};
/// Everything access decisions look at. @errors io's
Result<portal::ItemView> view_of(Exchange& exchange, const portal::ItemRow& row);
/// Reads ahead what view_of looks at for these rows, in a few statements.
Result<void> load_views(Exchange& exchange, std::span<const portal::ItemRow> rows);
/// And what open_item writes of them.
Result<void> load_lines(Exchange& exchange, std::span<const portal::ItemRow> rows);
/// Its own title, or its workflow's with that of what it is about, as far as the caller sees that.
Result<portal::Text> title_of(Exchange& exchange, const portal::ItemRow& row);
/// Nothing where there is no such item; a refusal looks the same, so that nobody learns which
/// exist.
/// @errors err::not_found
Result<Seen> visible_item(Exchange& exchange, const Hash& id);
/// Whether the caller may find every listed dataset: a site may keep the conditional part for those
/// who have signed in.
bool finds_all(const Exchange& exchange) noexcept;
/// What an applicant's own case waits for, on the way to a right.
struct Stage {
  std::string_view workflow;
  std::string_view state;
  portal::StaticText why;
  portal::StaticText next;
  bool again;  // it led nowhere: another application may
};
/// Nothing where the state is no such stage.
const Stage* stage_of(std::string_view workflow, std::string_view state) noexcept;
/// What the caller may find.
Result<portal::SearchResult> search_visible(Exchange& exchange, portal::DatasetQuery query);
/// A published dataset that the caller may see. @errors err::not_found
Result<portal::Dataset> visible_dataset(Exchange& exchange, const Hash& id);

/// The resources with these bytes whose datasets the caller may see: of the dataset that the query
/// names, or of all. A right to one of them is none to another. @errors io's
Result<std::vector<portal::Resource>> seen_resources(Exchange& exchange, const Hash& digest);

/// The canonical text that an item's act names; nothing where the store does not hold it, where the
/// digest is of something else than a document, and where a document that is not public was
/// another item's first: whoever writes somebody's digest into an act does not read it thereby.
Result<std::optional<std::string>> document_text(Exchange& exchange, const Hash& item,
                                                 const Hash& digest);

/// How bytes would leave. A grant to download covers the interface too, as its holder has the file;
/// one for the interface covers no whole file, one for the secure domain neither.
enum class Delivery : std::uint8_t { download, interface };
/// The caller's permission for a resource's bytes, or for the dataset as such with a zero digest.
/// `right` is the item that gives it, where one does.
struct Permission {
  portal::Decision decision;
  Hash right;
};
Result<Permission> bytes_permission(Exchange& exchange, const Hash& entry, const Hash& digest,
                                    Delivery delivery);
/// Into the audit, before a byte leaves.
Result<void> audit_read(Exchange& exchange, std::string_view action, const Hash& item,
                        const Hash& digest, const Hash& right, std::uint64_t bytes);

const portal::RulePack* current_pack(const Exchange& exchange);
/// Seconds: the chain's, where it has told them, else the clock's.
std::uint64_t moment(const Exchange& exchange);

void write_organisation(codec::JsonWriter& out, Exchange& exchange, std::uint32_t id);
void write_actor(codec::JsonWriter& out, Exchange& exchange, const Address& address);
/// An Item of section 7, without closing it.
void open_item(codec::JsonWriter& out, Exchange& exchange, const portal::ItemRow& row);
void write_action(codec::JsonWriter& out, const portal::RulePack& pack,
                  const portal::PermittedAction& action);

/// What waits for the caller, by deadline, with counts. No filter: nothing matches. In
/// api_inbox.cpp. @errors err::login_required
Result<Response> list_inbox(Exchange& exchange, const std::optional<portal::ItemFilter>& wanted,
                            std::uint64_t page, std::uint64_t size);

}  // namespace wusong::gateway::internal
