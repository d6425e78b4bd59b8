// SPDX-License-Identifier: Apache-2.0
// Reading a rule pack. Whatever is dangling, doubled or unreachable is a fault with its place.
#include <algorithm>

#include "wusong/portal/errors.hpp"
#include "wusong/portal/internal/json_reader.hpp"
#include "wusong/portal/rules.hpp"

namespace wusong::portal {
namespace {

using internal::FaultSink;
using internal::Placed;

constexpr std::uint8_t kStateMax = 31;

struct Word {
  std::string_view name;
  std::uint8_t value;
};
constexpr Word kRelations[] = {
    {"any", 0},    {"own", 1},         {"creator", 2},         {"party", 3},
    {"parent", 4}, {"subject_own", 5}, {"subject_creator", 6}, {"subject_party", 7}};
constexpr Word kOrganisations[] = {{"none", 0}, {"actor", 1}, {"subject", 2}, {"named", 3}};
constexpr Word kParties[] = {
    {"none", 0}, {"subject_creator", 1}, {"subject_party", 2}, {"actor", 3}};
constexpr Word kNeeds[] = {{"document", 1}, {"basis", 2}, {"overdue", 4}, {"in_time", 8}};
constexpr Word kTies[] = {{"any", 0}, {"same_subject", 1}, {"this_item", 2}};
constexpr Word kUnits[] = {{"day", 1}, {"working_day", 2}, {"month", 3}, {"year", 4}};

std::uint8_t word_of(const Placed& at, std::span<const Word> words) {
  const std::string text = at.string();
  std::string known;
  for (const Word& word : words) {
    if (word.name == text) return word.value;
    known += (known.empty() ? "" : ", ") + std::string{word.name};
  }
  at.fault("应为下列之一：" + known, "write one of: " + known);
  return 0;
}

template <typename List>
void add_named(List& list, typename List::value_type value, const Placed& at, bool has_number) {
  for (const auto& other : list) {
    if (other.name == value.name) at.fault("名称重复", "the name is used twice");
    if constexpr (requires { other.number; })
      if (has_number && other.number == value.number)
        at.fault("编号重复", "the number is used twice");
  }
  list.push_back(std::move(value));
}

NamedNumber named_number(const Placed& at, std::uint64_t min, std::uint64_t max,
                         bool with_article) {
  if (with_article) {
    at.only({"number", "name", "title", "article"});
  } else {
    at.only({"number", "name", "title"});
  }
  NamedNumber out;
  out.number = static_cast<std::uint8_t>(at.at("number").number(min, max));
  out.name = at.at("name").name();
  out.title = at.at("title").text();
  if (with_article) out.article = at.at("article").name();
  return out;
}

class PackReader {
 public:
  explicit PackReader(Placed root) : root_{std::move(root)} {}

  RulePack read() {
    root_.only({"name", "number", "title", "sources", "effective_from", "zone", "roles", "numbers",
                "vocabularies", "workflows"});
    pack_.name = root_.at("name").name();
    pack_.number = static_cast<std::uint16_t>(root_.at("number").number(1, 0xffff));
    pack_.title = root_.at("title").text();
    read_head();
    for (const Placed& at : root_.at("roles").items())
      add_named(pack_.roles, named_number(at, 0, 31, true), at, true);
    for (const Placed& at : root_.at("numbers").items()) read_number(at);
    for (const Placed& at : root_.at("vocabularies").items()) read_vocabulary(at);
    // Names and states of every workflow first: transitions refer to later ones.
    const std::vector<Placed> flows = root_.at("workflows").items();
    for (const Placed& at : flows) read_workflow(at);
    for (std::size_t i = 0; i < flows.size() && root_.sink->ok(); ++i) {
      Workflow& flow = pack_.workflows[i];
      for (const Placed& at : flows[i].at("transitions").items()) read_transition(flow, at);
      std::ranges::sort(flow.transitions, [](const Transition& a, const Transition& b) {
        return std::pair{a.action, a.from} < std::pair{b.action, b.from};
      });
      check_reachable(flow, flows[i]);
    }
    return std::move(pack_);
  }

 private:
  void read_head() {
    for (const Placed& at : root_.at("sources").items()) {
      at.only({"code", "title", "status"});
      Source source{at.at("code").name(), at.at("title").text(), at.at("status").name()};
      for (const Source& other : pack_.sources)
        if (other.code == source.code) at.fault("来源重复", "the source is listed twice");
      pack_.sources.push_back(std::move(source));
    }
    const Placed from = root_.at("effective_from");
    if (const auto date = parse_date(from.string())) {
      pack_.effective_from = *date;
    } else {
      from.fault("应为日期，如 2023-10-01", "write a date, as 2023-10-01");
    }
    const Placed zone = root_.at("zone");
    pack_.zone = zone.string();
    if (pack_.zone == "Asia/Shanghai") {
      pack_.utc_offset = kShanghaiOffset;
    } else if (pack_.zone == "UTC") {
      pack_.utc_offset = 0;
    } else {
      zone.fault("只支持无夏令时的时区：Asia/Shanghai、UTC",
                 "zones without summer time only: Asia/Shanghai, UTC");
    }
  }

  void read_number(const Placed& at) {
    at.only({"name", "value", "unit", "article"});
    LegalNumber number;
    number.name = at.at("name").name();
    number.clock.amount = static_cast<std::uint16_t>(at.at("value").number(1, 0xfffe));
    const std::uint8_t unit = word_of(at.at("unit"), kUnits);
    number.clock.unit = static_cast<ClockUnit>(unit == 0 ? 1 : unit);
    number.article = article(at);
    if (number.name == "stop") at.fault("stop 是保留名称", "the name stop is reserved");
    add_named(pack_.numbers, std::move(number), at, false);
  }

  void read_vocabulary(const Placed& at) {
    at.only({"name", "article", "values"});
    Vocabulary vocabulary;
    vocabulary.name = at.at("name").name();
    vocabulary.article = article(at);
    for (const Placed& value : at.at("values").items()) {
      NamedNumber number = named_number(value, 1, 255, false);
      // The chain knows only how many there are.
      if (number.number != vocabulary.values.size() + 1)
        value.fault("编号应为 1、2、3……依次排列", "numbers must be 1, 2, 3, … in order");
      add_named(vocabulary.values, std::move(number), value, true);
    }
    if (vocabulary.values.empty()) at.fault("没有取值", "there are no values");
    add_named(pack_.vocabularies, std::move(vocabulary), at, false);
  }

  void read_workflow(const Placed& at) {
    at.only({"number", "name", "title", "document", "states", "actions", "transitions"});
    Workflow flow;
    flow.number = static_cast<std::uint8_t>(at.at("number").number(1, 255));
    flow.name = at.at("name").name();
    flow.title = at.at("title").text();
    flow.document = at.at("document").name();
    for (const Placed& one : at.at("states").items()) {
      one.only({"number", "name", "title", "final"});
      State state;
      state.number = static_cast<std::uint8_t>(one.at("number").number(1, kStateMax));
      state.name = one.at("name").name();
      state.title = one.at("title").text();
      state.is_final = one.at("final").boolean();
      if (state.name == "none") one.fault("none 是保留名称", "the name none is reserved");
      add_named(flow.states, std::move(state), one, true);
    }
    for (const Placed& one : at.at("actions").items())
      add_named(flow.actions, named_number(one, 1, 255, false), one, true);
    add_named(pack_.workflows, std::move(flow), at, true);
  }

  std::string article(const Placed& at) const {
    const Placed place = at.at("article");
    std::string text = place.name();
    const std::string code = text.substr(0, text.find(' '));
    if (std::ranges::none_of(pack_.sources, [&](const Source& one) { return one.code == code; }))
      place.fault("应以来源代码开头，如 SZ 42", "must begin with the code of a source, as SZ 42");
    return text;
  }

  /// A state's number by name; `none` is 0 where it may stand.
  std::uint8_t state_of(const Workflow& flow, const Placed& at, bool none_too) const {
    const std::string name = at.string();
    if (none_too && name == "none") return 0;
    const State* state = flow.state(std::string_view{name});
    if (state == nullptr)
      at.fault("流程 " + flow.name + " 没有此状态", "workflow " + flow.name + " has no such state");
    return state == nullptr ? 0 : state->number;
  }

  struct Guard {
    std::uint8_t workflow{0};
    std::uint32_t states{0};
  };
  Guard guard_of(const Placed& at) const {
    Guard out;
    const Placed place = at.at("workflow");
    const std::string name = place.string();
    const Workflow* flow = pack_.workflow(std::string_view{name});
    if (flow == nullptr) {
      place.fault("没有此流程", "there is no such workflow");
      return out;
    }
    out.workflow = flow->number;
    for (const Placed& one : at.at("states").items())
      out.states |= 1u << state_of(*flow, one, false);
    if (out.states == 0) at.fault("至少列出一个状态", "name at least one state");
    return out;
  }

  const Vocabulary* vocabulary_of(const Placed& at, std::size_t max) const {
    const std::string name = at.string();
    const Vocabulary* found = pack_.vocabulary(std::string_view{name});
    if (found == nullptr) {
      at.fault("没有此词表", "there is no such vocabulary");
    } else if (found->values.size() > max) {
      at.fault("词表过长", "the vocabulary has too many values");
    }
    return found;
  }

  void read_guards(const Placed& at, Transition& out) const {
    Row& row = out.row;
    for (const Placed& role : at.at("roles").items()) {
      const std::string name = role.string();
      const NamedNumber* found = pack_.role(std::string_view{name});
      if (found == nullptr) {
        role.fault("没有此角色", "there is no such role");
      } else {
        row.roles |= 1u << found->number;
      }
    }
    if (row.roles == 0) at.fault("至少列出一个角色", "name at least one role");
    row.relation = static_cast<Relation>(word_of(at.at("relation"), kRelations));
    row.organisation =
        static_cast<OrganisationFrom>(word_of(at.at("organisation"), kOrganisations));
    row.party = static_cast<PartyFrom>(word_of(at.at("party"), kParties));
    for (const Placed& need : at.at("needs").items()) {
      const std::uint8_t bit = word_of(need, kNeeds);
      if ((row.needs & bit) != 0) need.fault("重复", "stands twice");
      row.needs = static_cast<std::uint8_t>(row.needs | bit);
    }
    if (const auto subject = at.maybe("subject")) {
      subject->only({"workflow", "states"});
      const Guard guard = guard_of(*subject);
      row.subject_workflow = guard.workflow;
      row.subject_states = guard.states;
    }
    if (const auto reference = at.maybe("refers_to")) {
      reference->only({"workflow", "states", "tie"});
      const Guard guard = guard_of(*reference);
      row.reference_workflow = guard.workflow;
      row.reference_states = guard.states;
      row.tie = static_cast<Tie>(word_of(reference->at("tie"), kTies));
    }
  }

  void read_values(const Placed& at, Transition& out) const {
    Row& row = out.row;
    row.content = at.at("content").boolean();
    if (const auto choice = at.maybe("choice")) {
      out.choice = choice->string();
      if (const Vocabulary* found = vocabulary_of(*choice, 255))
        row.choice_count = static_cast<std::uint8_t>(found->values.size());
    }
    row.marks_any = at.at("marks_any").boolean();
    if (const auto marks = at.maybe("marks")) {
      out.marks = marks->string();
      if (const Vocabulary* found = vocabulary_of(*marks, 32))
        row.marks = static_cast<std::uint32_t>((1ull << found->values.size()) - 1);
    }
    if (row.marks_any && row.marks == 0)
      at.fault("marks_any 需要 marks 词表", "marks_any needs a vocabulary in marks");
    row.single = at.at("single").boolean();
    if (const auto clock = at.maybe("clock")) {
      out.clock = clock->string();
      const LegalNumber* found = pack_.legal_number(std::string_view{out.clock});
      if (out.clock == "stop") {
        row.clock_effect = ClockEffect::stop;
      } else if (found != nullptr) {
        row.clock_effect = ClockEffect::start;
        row.clock = found->clock;
      } else {
        clock->fault("没有此数值", "there is no such number");
      }
    }
  }

  void read_transition(Workflow& flow, const Placed& at) const {
    at.only({"action", "from", "to", "roles", "relation", "organisation", "party", "subject",
             "refers_to", "needs", "content", "choice", "marks", "marks_any", "clock", "single",
             "article", "why"});
    Transition out;
    const Placed action = at.at("action");
    const std::string name = action.string();
    if (const NamedNumber* found = flow.action(std::string_view{name})) {
      out.action = found->number;
    } else {
      action.fault("没有此动作", "there is no such action");
    }
    out.row.to = state_of(flow, at.at("to"), false);
    read_guards(at, out);
    read_values(at, out);
    out.article = article(at);
    out.why = at.at("why").text();
    const std::vector<Placed> from = at.at("from").items();
    if (from.empty()) at.fault("from 不能为空", "from must not be empty");
    for (const Placed& one : from) {
      out.from = state_of(flow, one, true);
      check_sense(out, one);
      if (flow.transition(out.action, out.from) != nullptr)
        one.fault("此动作从该状态出发已有规则",
                  "there is a rule for this action and state already");
      flow.transitions.push_back(out);
    }
  }

  /// Transitions that nobody could ever take, or that say something without effect.
  static void check_sense(const Transition& one, const Placed& at) {
    const Row& row = one.row;
    const bool is_new = one.from == 0;
    if (is_new && (row.relation == Relation::creator || row.relation == Relation::party))
      at.fault("新事项没有创建人或对方", "a new item has neither creator nor party yet");
    if (is_new && (row.relation == Relation::own || row.relation == Relation::parent) &&
        row.organisation != OrganisationFrom::named)
      at.fault("新事项只有在 organisation 为 named 时才有所属单位可比较",
               "a new item has an organisation to compare with only where it is named");
    if (is_new && !row.content)
      at.fault("新事项的 content 应为 true", "content must be true from none");
    if (is_new && (row.needs & (kNeedsOverdue | kNeedsInTime)) != 0)
      at.fault("新事项没有期限", "a new item has no deadline");
    if (!is_new && row.single) at.fault("single 只用于新事项", "single is for new items only");
    if (!is_new && row.organisation != OrganisationFrom::none)
      at.fault("只有新事项设置所属单位", "only a new item gets an organisation");
    if ((row.needs & kNeedsOverdue) != 0 && (row.needs & kNeedsInTime) != 0)
      at.fault("不能同时要求逾期和未逾期", "cannot be overdue and in time");
  }

  static void check_reachable(const Workflow& flow, const Placed& at) {
    std::uint64_t reached = 1;
    for (std::size_t round = 0; round <= flow.states.size(); ++round)
      for (const Transition& one : flow.transitions)
        if ((reached >> one.from & 1) != 0) reached |= 1ull << one.row.to;
    for (const State& state : flow.states) {
      if ((reached >> state.number & 1) == 0)
        at.sink->report(at.inside("states." + state.name), "无法到达此状态",
                        "no transition reaches this state");
      const bool leaves = std::ranges::any_of(
          flow.transitions, [&](const Transition& one) { return one.from == state.number; });
      if (leaves == state.is_final)
        at.sink->report(at.inside("states." + state.name),
                        state.is_final ? "终态不应再有动作" : "非终态应有动作",
                        state.is_final ? "a final state has no actions"
                                       : "a state that is not final needs an action");
    }
    for (const NamedNumber& action : flow.actions)
      if (std::ranges::none_of(flow.transitions,
                               [&](const Transition& one) { return one.action == action.number; }))
        at.sink->report(at.inside("actions." + action.name), "没有规则使用此动作",
                        "no transition uses this action");
  }

  Placed root_;
  RulePack pack_;
};

}  // namespace

Checked<RulePack> parse_rule_pack(std::string_view json) {
  if (json.size() > kRulePackBytesMax)
    return std::unexpected{Fault{err::bad_rule_pack, "", {"文件过大", "the file is too large"}}};
  const auto document = codec::JsonDocument::parse(json);
  if (!document)
    return std::unexpected{Fault{err::bad_rule_pack, "", {"不是 JSON", "this is not JSON"}}};
  FaultSink sink{err::bad_rule_pack};
  RulePack pack = PackReader{{document->root(), "", &sink}}.read();
  if (!sink.ok()) return sink.take();
  return pack;
}

}  // namespace wusong::portal
