// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/act.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "wusong/hash/hash.hpp"
#include "wusong/portal/errors.hpp"
#include "wusong/portal/internal/abi.hpp"

namespace wusong::portal {
namespace {

using internal::AbiReader;
using internal::AbiWriter;
using internal::kWord;

constexpr std::string_view kActTuple =
    "(bytes32,uint32,uint8,uint8,uint8,uint32,uint32,bytes32,bytes32,bytes32,bytes32)";
constexpr std::string_view kDetailsTuple =
    "(uint32,uint16,uint8,uint32,uint32,uint32,uint64,bool,address,bytes32,bytes32,bytes32,"
    "bytes32)";
constexpr std::size_t kActWords = 11;

Hash topic_of(std::string_view signature) noexcept {
  return hash::keccak256(as_bytes(signature));
}

struct Signatures {
  std::uint32_t act = selector_of("act(" + std::string{kActTuple} + ")");
  std::uint32_t act_many = selector_of("actMany(" + std::string{kActTuple} + "[])");
  std::uint32_t item = selector_of("item(bytes32)");
  std::uint32_t set_organisation = selector_of("setOrganisation(uint32,uint32,uint8,bool,bytes32)");
  std::uint32_t set_actor = selector_of("setActor(address,uint32,uint32,bool)");
  std::uint32_t publish = selector_of("publish(uint16,uint32[],uint256[])");
  std::uint32_t seal = selector_of("seal(uint16,uint64,int32,uint32,bytes32)");
  std::uint32_t set_working_days = selector_of("setWorkingDays(uint16,uint256[2])");
  Hash acted = topic_of("Acted(bytes32,address,uint256," + std::string{kDetailsTuple} + ")");
  Hash organisation_set = topic_of("OrganisationSet(uint32,uint32,uint8,bool,bytes32,address)");
  Hash actor_set = topic_of("ActorSet(address,uint32,uint32,bool,address)");
  Hash district_roles_set = topic_of("DistrictRolesSet(uint32,address)");
  Hash rules_published = topic_of("RulesPublished(uint16,uint32[],uint256[])");
  Hash rules_sealed = topic_of("RulesSealed(uint16,uint64,int32,uint32,bytes32)");
  Hash working_days_set = topic_of("WorkingDaysSet(uint16,uint256[2])");
  std::array<std::uint32_t, kRefusalCount> refusals = [] {
    std::array<std::uint32_t, kRefusalCount> out{};
    for (std::size_t i = 0; i < kRefusalCount; ++i)
      out[i] = selector_of(std::string{info_of(static_cast<Refusal>(i)).solidity} + "()");
    return out;
  }();
};
const Signatures& signatures() noexcept {
  static const Signatures kSignatures;
  return kSignatures;
}

void write_act(AbiWriter& out, const Act& act) {
  out.word(act.item).number(act.sequence).number(act.workflow).number(act.action);
  out.number(act.choice).number(act.marks).number(act.organisation).word(act.subject);
  out.word(act.refers_to).word(act.document).word(act.basis);
}

Act read_act(AbiReader& in) {
  Act out;
  out.item = in.word();
  out.sequence = in.u32();
  out.workflow = in.u8();
  out.action = in.u8();
  out.choice = in.u8();
  out.marks = in.u32();
  out.organisation = in.u32();
  out.subject = in.word();
  out.refers_to = in.word();
  out.document = in.word();
  out.basis = in.word();
  return out;
}

/// A topic as the one word that it is.
AbiReader topic(const types::Log& log, std::size_t index) {
  return AbiReader{log.topics[index].view()};
}
Hash number_word(std::uint64_t value) {
  return Hash::from(AbiWriter{}.number(value).take());
}
Hash address_word(const Address& value) {
  return Hash::from(AbiWriter{}.address(value).take());
}

Result<std::optional<Event>> checked(Event event, bool good) {
  if (!good) return fail(err::bad_event);
  return std::optional<Event>{std::move(event)};
}

Result<std::optional<Event>> read_acted(const types::Log& log) {
  if (log.topics.size() != 4) return fail(err::bad_event);
  Acted out;
  out.item = log.topics[1];
  AbiReader actor = topic(log, 2);
  out.actor = actor.address();
  AbiReader kind_topic = topic(log, 3);
  const std::uint32_t kind = kind_topic.u32();
  out.workflow = static_cast<std::uint8_t>(kind >> 24);
  out.action = static_cast<std::uint8_t>(kind >> 16);
  out.from = static_cast<std::uint8_t>(kind >> 8);
  out.to = static_cast<std::uint8_t>(kind);
  AbiReader in{log.data};
  out.sequence = in.u32();
  out.pack = in.u16();
  out.choice = in.u8();
  out.marks = in.u32();
  out.organisation = in.u32();
  out.actor_organisation = in.u32();
  out.deadline = in.u64();
  out.content = in.boolean();
  out.party = in.address();
  out.subject = in.word();
  out.refers_to = in.word();
  out.document = in.word();
  out.basis = in.word();
  return checked(
      out, in.finished() && actor.good() && kind_topic.good() && out.to != 0 && out.sequence != 0);
}

types::Log write_acted(const Acted& event, const Contracts& contracts) {
  types::Log log;
  log.address = contracts.workflows;
  const std::uint64_t kind = static_cast<std::uint64_t>(event.workflow) << 24 |
                             static_cast<std::uint64_t>(event.action) << 16 |
                             static_cast<std::uint64_t>(event.from) << 8 | event.to;
  log.topics = {signatures().acted, event.item, address_word(event.actor), number_word(kind)};
  AbiWriter out;
  out.number(event.sequence).number(event.pack).number(event.choice).number(event.marks);
  out.number(event.organisation).number(event.actor_organisation).number(event.deadline);
  out.boolean(event.content).address(event.party).word(event.subject).word(event.refers_to);
  out.word(event.document).word(event.basis);
  log.data = out.take();
  return log;
}

Result<std::optional<Event>> read_organisation_set(const types::Log& log) {
  if (log.topics.size() != 3) return fail(err::bad_event);
  OrganisationSet out;
  AbiReader id = topic(log, 1);
  out.id = id.u32();
  AbiReader parent = topic(log, 2);
  out.organisation.parent = parent.u32();
  AbiReader in{log.data};
  out.organisation.kind = in.u8();
  out.organisation.active = in.boolean();
  out.organisation.document = in.word();
  out.by = in.address();
  return checked(out, id.good() && parent.good() && in.finished());
}

Result<std::optional<Event>> read_actor_set(const types::Log& log) {
  if (log.topics.size() != 3) return fail(err::bad_event);
  ActorSet out;
  AbiReader who = topic(log, 1);
  out.who = who.address();
  AbiReader organisation = topic(log, 2);
  out.actor.organisation = organisation.u32();
  AbiReader in{log.data};
  out.actor.roles = in.u32();
  out.actor.active = in.boolean();
  out.by = in.address();
  return checked(out, who.good() && organisation.good() && in.finished());
}

Result<std::optional<Event>> read_rules_published(const types::Log& log) {
  if (log.topics.size() != 2) return fail(err::bad_event);
  RulesPublished out;
  AbiReader pack = topic(log, 1);
  out.pack = pack.u16();
  AbiReader in{log.data};
  in.expect(2 * kWord);
  const std::uint64_t second = in.u64();
  const std::uint64_t count = in.u32();
  if (!in.good() || count > in.left() || second != (3 + count) * kWord) return fail(err::bad_event);
  for (std::uint64_t i = 0; i < count; ++i) out.keys.push_back(in.u32());
  in.expect(count);
  if (!in.good() || count != in.left()) return fail(err::bad_event);
  for (std::uint64_t i = 0; i < count; ++i) out.rows.push_back(in.u256());
  return checked(std::move(out), pack.good() && in.finished());
}

Result<std::optional<Event>> read_rules_sealed(const types::Log& log) {
  if (log.topics.size() != 2) return fail(err::bad_event);
  Seal out;
  AbiReader pack = topic(log, 1);
  out.pack = pack.u16();
  AbiReader in{log.data};
  out.effective_from = in.u64();
  out.utc_offset = in.i32();
  out.row_count = in.u32();
  out.document = in.word();
  return checked(RulesSealed{out}, pack.good() && in.finished());
}

Result<std::optional<Event>> read_working_days(const types::Log& log) {
  if (log.topics.size() != 2) return fail(err::bad_event);
  WorkingDaysSet out;
  AbiReader year = topic(log, 1);
  out.year = year.u16();
  AbiReader in{log.data};
  out.days.bits[0] = in.u256();
  out.days.bits[1] = in.u256();
  return checked(out, year.good() && in.finished());
}

Result<std::optional<Event>> read_district_roles(const types::Log& log) {
  if (log.topics.size() != 1) return fail(err::bad_event);
  DistrictRolesSet out;
  AbiReader in{log.data};
  out.roles = in.u32();
  out.by = in.address();
  return checked(out, in.finished());
}

struct LogWriter {
  const Contracts& contracts;
  types::Log operator()(const Acted& event) const { return write_acted(event, contracts); }
  types::Log operator()(const OrganisationSet& event) const {
    const Organisation& one = event.organisation;
    return {contracts.directory,
            {signatures().organisation_set, number_word(event.id), number_word(one.parent)},
            AbiWriter{}
                .number(one.kind)
                .boolean(one.active)
                .word(one.document)
                .address(event.by)
                .take()};
  }
  types::Log operator()(const ActorSet& event) const {
    const Actor& one = event.actor;
    return {contracts.directory,
            {signatures().actor_set, address_word(event.who), number_word(one.organisation)},
            AbiWriter{}.number(one.roles).boolean(one.active).address(event.by).take()};
  }
  types::Log operator()(const DistrictRolesSet& event) const {
    return {contracts.directory,
            {signatures().district_roles_set},
            AbiWriter{}.number(event.roles).address(event.by).take()};
  }
  types::Log operator()(const RulesPublished& event) const {
    AbiWriter out;
    out.number(2 * kWord).number((3 + event.keys.size()) * kWord).number(event.keys.size());
    for (const std::uint32_t key : event.keys) out.number(key);
    out.number(event.rows.size());
    for (const U256& row : event.rows) out.word(row);
    return {
        contracts.rule_book, {signatures().rules_published, number_word(event.pack)}, out.take()};
  }
  types::Log operator()(const RulesSealed& event) const {
    const Seal& one = event.seal;
    AbiWriter out;
    out.number(one.effective_from).signed_number(one.utc_offset).number(one.row_count);
    return {contracts.rule_book,
            {signatures().rules_sealed, number_word(one.pack)},
            out.word(one.document).take()};
  }
  types::Log operator()(const WorkingDaysSet& event) const {
    return {contracts.rule_book,
            {signatures().working_days_set, number_word(event.year)},
            AbiWriter{}.word(event.days.bits[0]).word(event.days.bits[1]).take()};
  }
};

}  // namespace

std::uint32_t selector_of(std::string_view signature) noexcept {
  const Hash digest = hash::keccak256(as_bytes(signature));
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < 4; ++i) out = out << 8 | digest.bytes[i];
  return out;
}

Bytes encode_act_call(const Act& act) {
  AbiWriter out{signatures().act};
  write_act(out, act);
  return out.take();
}

Bytes encode_act_many_call(std::span<const Act> acts) {
  AbiWriter out{signatures().act_many};
  out.number(kWord).number(acts.size());
  for (const Act& one : acts) write_act(out, one);
  return out.take();
}

Bytes encode_item_call(const ItemId& item) {
  return AbiWriter{signatures().item}.word(item).take();
}

Bytes encode_set_organisation_call(std::uint32_t id, const Organisation& one) {
  AbiWriter out{signatures().set_organisation};
  out.number(id).number(one.parent).number(one.kind).boolean(one.active).word(one.document);
  return out.take();
}

Bytes encode_set_actor_call(const Address& who, const Actor& actor) {
  AbiWriter out{signatures().set_actor};
  out.address(who).number(actor.organisation).number(actor.roles).boolean(actor.active);
  return out.take();
}

Bytes encode_publish_call(std::uint16_t pack, const RowTable& rows) {
  AbiWriter out{signatures().publish};
  out.number(pack).number(3 * kWord).number((4 + rows.size()) * kWord).number(rows.size());
  for (const auto& [key, row] : rows) out.number(key);
  out.number(rows.size());
  for (const auto& [key, row] : rows) out.word(encode(row));
  return out.take();
}

Bytes encode_seal_call(const Seal& seal) {
  AbiWriter out{signatures().seal};
  out.number(seal.pack).number(seal.effective_from).signed_number(seal.utc_offset);
  return out.number(seal.row_count).word(seal.document).take();
}

Bytes encode_set_working_days_call(std::uint16_t year, const WorkingYear& days) {
  AbiWriter out{signatures().set_working_days};
  return out.number(year).word(days.bits[0]).word(days.bits[1]).take();
}

Result<std::vector<Act>> decode_act_call(BytesView data) {
  if (data.size() < 4) return fail(err::bad_call);
  std::uint32_t selector = 0;
  for (std::size_t i = 0; i < 4; ++i) selector = selector << 8 | data[i];
  AbiReader in{data.subspan(4)};
  std::uint64_t count = 1;
  if (selector == signatures().act_many) {
    in.expect(kWord);
    count = in.u32();
  } else if (selector != signatures().act) {
    return fail(err::bad_call);
  }
  if (!in.good() || count > kActsMax || in.left() != count * kActWords) return fail(err::bad_call);
  std::vector<Act> out;
  for (std::uint64_t i = 0; i < count; ++i) out.push_back(read_act(in));
  if (!in.finished()) return fail(err::bad_call);
  return out;
}

Result<Item> decode_item(BytesView output) {
  AbiReader in{output};
  Item out;
  out.workflow = in.u8();
  out.state = in.u8();
  out.pack = in.u16();
  out.sequence = in.u32();
  out.organisation = in.u32();
  out.creator = in.address();
  out.party = in.address();
  out.deadline = in.u64();
  out.marks = in.u32();
  out.choice = in.u8();
  out.subject = in.word();
  out.document = in.word();
  if (!in.finished()) return fail(err::bad_call);
  return out;
}

namespace {

constexpr RefusalInfo kDirectoryRefusals[] = {
    {"not_authorised",
     "NotAuthorised",
     {"您的角色不能这样设置:市主管部门设置全部,区主管部门设置下属单位的办理人,平台运营机构设置利用"
      "主体。",
      "Your roles do not reach this: city authorities set everything, district authorities the "
      "actors of their own organisations, the platform operator users."},
     {"请由有权的主管部门办理。", "Ask the authority that may set it."}},
    {"organisation_invalid",
     "OrganisationInvalid",
     {"单位不成立:编号、类别或上级不对;已有单位的类别不能更改。",
      "That organisation cannot be set so: its number, kind or parent is wrong; the kind of one "
      "that exists is permanent."},
     {"请检查类别和上级单位。", "Check the kind and the parent."}},
    {"actor_invalid",
     "ActorInvalid",
     {"这个地址已属于另一个单位,或者地址无效:单位一经登记不能更换。",
      "The address acts for another organisation already, or is no address: an organisation, once "
      "set, is for ever."},
     {"调动的人请使用新的账户。", "Whoever moves gets another account."}},
    {"own_entry",
     "OwnEntry",
     {"任何人都不能更改自己或本单位的登记。", "Nobody changes their own entry."},
     {"请由另一位有权的人办理。", "Ask somebody else who may."}},
};

}  // namespace

const RefusalInfo& info_of(DirectoryRefusal refusal) noexcept {
  return kDirectoryRefusals[static_cast<std::size_t>(refusal)];
}

std::optional<DirectoryRefusal> directory_refusal_of(BytesView revert_data) noexcept {
  for (std::size_t i = 0; i < kDirectoryRefusalCount; ++i) {
    const std::string signature = std::string{kDirectoryRefusals[i].solidity} + "()";
    const Hash digest = hash::keccak256(as_bytes(signature));
    if (std::ranges::equal(revert_data, digest.view().first(4))) {
      return static_cast<DirectoryRefusal>(i);
    }
  }
  return std::nullopt;
}

std::optional<Refusal> refusal_of(BytesView revert_data) noexcept {
  if (revert_data.size() != 4) return std::nullopt;
  std::uint32_t selector = 0;
  for (const std::uint8_t byte : revert_data) selector = selector << 8 | byte;
  for (std::size_t i = 0; i < kRefusalCount; ++i)
    if (signatures().refusals[i] == selector) return static_cast<Refusal>(i);
  return std::nullopt;
}

Result<std::optional<Event>> decode_event(const types::Log& log, const Contracts& contracts) {
  if (log.topics.empty()) return std::optional<Event>{};
  const Hash& name = log.topics[0];
  const Signatures& known = signatures();
  if (log.address == contracts.workflows && name == known.acted) return read_acted(log);
  if (log.address == contracts.directory) {
    if (name == known.organisation_set) return read_organisation_set(log);
    if (name == known.actor_set) return read_actor_set(log);
    if (name == known.district_roles_set) return read_district_roles(log);
  }
  if (log.address == contracts.rule_book) {
    if (name == known.rules_published) return read_rules_published(log);
    if (name == known.rules_sealed) return read_rules_sealed(log);
    if (name == known.working_days_set) return read_working_days(log);
  }
  return std::optional<Event>{};
}

types::Log encode_event(const Event& event, const Contracts& contracts) {
  return std::visit(LogWriter{contracts}, event);
}

}  // namespace wusong::portal
