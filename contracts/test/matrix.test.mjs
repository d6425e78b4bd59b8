// SPDX-License-Identifier: Apache-2.0
// Every state, action, role and relation of pack 1, and every missing need, against Workflows. What is expected comes from the pack's words,
// not from its rows.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { id, toBeHex } from "ethers";
import { dayOf, rowsOf } from "../rules.mjs";
import {
  Platform, actData, calendarOf, errorName, fullAct, kArtifacts, kCalendarYears, kNobody, kZero, packOne, rpc, rpcMany, singleId, wallet,
} from "./lib/chain.mjs";

// Organisations and who is where: an item's own, its parent's, its creator's and party's, the same of its subject, and a stranger's.
const kOrganisations = { own: 10, parent: 11, creator: 12, party: 13, subject_own: 14, subject_creator: 15, subject_party: 16, stranger: 17 };
const kInactiveOrganisation = 18;
const kPast = 1000;
const kFuture = 4_000_000_000;

const pack = packOne();
const rows = rowsOf(pack);
const workflowByName = new Map(pack.workflows.map((workflow) => [workflow.name, workflow]));
const stateNumber = (workflow, name) => workflow.states.find((state) => state.name === name).number;
const vocabularySize = (name) => pack.vocabularies.find((vocabulary) => vocabulary.name === name).values.length;
const calendars = new Map(kCalendarYears.map((year) => [year, calendarOf(year)]));

const memberOf = (relation) => ({ address: id(`creator of ${relation}`).slice(0, 42) });
/** Colleagues by relation and role: plain addresses are enough for calls; the ones that send have keys. */
const actors = new Map();
const actor = (relation, role) => actors.get(`${relation} ${role}`);

let platform;
let now;

function stored(fields) {
  return {
    workflow: 0, state: 0, pack: 1, sequence: 1, organisation: 0, creator: kNobody, document: id("document before"), party: kNobody,
    deadline: 0, marks: 0, choice: 0, subject: kZero, ...fields,
  };
}

const puts = new Map();
const put = (name, fields) => {
  const key = id(name);
  puts.set(key, stored(fields));
  return key;
};

/** An item to be a subject, in any state of any workflow. */
const subjectIn = (workflow, state, suffix = "") =>
  put(`subject ${workflow.name} ${state}${suffix}`, {
    workflow: workflow.number, state, organisation: kOrganisations.subject_own, creator: memberOf("subject_creator").address,
    party: memberOf("subject_party").address,
  });

/** The item that a row starts from, and the act that takes it with everything it asks for. */
function caseOf(row) {
  const { transition, workflow, action, from, key } = row;
  const isNew = from === 0;
  const subjectWorkflow = transition.subject ? workflowByName.get(transition.subject.workflow) : workflowByName.get("entry");
  const subjectState = transition.subject ? stateNumber(subjectWorkflow, transition.subject.states[0]) : 1;
  // Rows that allow one item for a subject each have a subject of their own.
  const subject = subjectIn(subjectWorkflow, subjectState, transition.single ? ` of ${key}` : "");
  const item = isNew ? (transition.single ? singleId(subject, workflow.number) : id(`new ${key}`)) : id(`item ${key}`);
  const deadline = transition.needs.includes("overdue") ? kPast : transition.needs.includes("in_time") ? kFuture : 0;
  const fields = {
    workflow: workflow.number, state: from, sequence: 7, organisation: kOrganisations.own, creator: memberOf("creator").address,
    party: memberOf("party").address, deadline, marks: 5, choice: 2, subject,
  };
  if (!isNew) put(`item ${key}`, fields);
  const given = fullAct({ item, sequence: isNew ? 0 : 7, workflow: workflow.number, action: action.number });
  if (isNew) given.subject = subject;
  if (transition.organisation === "named") given.organisation = kOrganisations.own;
  if (transition.refers_to) {
    const other = workflowByName.get(transition.refers_to.workflow);
    given.refersTo = referenceIn(row, other, stateNumber(other, transition.refers_to.states[0]), item, subject);
  }
  if (transition.choice) given.choice = 1;
  if (transition.marks) given.marks = transition.marks_any ? 1 : 2 ** vocabularySize(transition.marks) - 1;
  if (transition.needs.includes("document")) given.document = id("document");
  if (transition.needs.includes("basis")) given.basis = id("basis");
  return { row, given, before: isNew ? null : stored(fields), subject };
}

function referenceIn(row, workflow, state, item, subject, tie = row.transition.refers_to.tie) {
  const to = { any: kZero, same_subject: subject, this_item: item, wrong: id("something else") }[tie];
  return put(`reference ${row.key} ${workflow.name} ${state} ${tie}`, { workflow: workflow.number, state, subject: to });
}

/** Asks many acts at once; compares with what is expected and names the first few that differ. */
async function expectAll(list) {
  const calls = list.map(({ from, given }) => [
    { from, to: platform.workflows.address, data: actData(given), gas: "0x7a1200" }, "latest"]);
  const answers = await rpcMany("eth_call", calls);
  const wrong = [];
  answers.forEach(({ error }, index) => {
    const got = error ? errorName(error.data) : "ok";
    if (got !== list[index].want) wrong.push(`${list[index].what}: ${got}, not ${list[index].want}`);
  });
  assert.equal(wrong.length, 0, `${wrong.length} of ${list.length} differ:\n${wrong.slice(0, 12).join("\n")}`);
  return list.length;
}

const nameOf = ({ workflow, action, from }) =>
  `${workflow.name}.${action.name} from ${from === 0 ? "none" : workflow.states.find((state) => state.number === from).name}`;
const rightActor = ({ transition }) => actor(transition.relation === "any" ? "stranger" : transition.relation, transition.roles[0]);

let cases;

before(async () => {
  platform = await Platform.deploy("matrix", { harness: true });
  await platform.setOrganisations([
    [kOrganisations.parent, 0, 1], [kOrganisations.own, kOrganisations.parent, 2],
    ...["creator", "party", "subject_own", "subject_creator", "subject_party", "stranger"].map((name) => [kOrganisations[name], 0, 8]),
    [kInactiveOrganisation, 0, 2, false],
  ]);
  const list = [];
  for (const relation of Object.keys(kOrganisations)) {
    for (const role of pack.roles) {
      const who = wallet(`matrix ${relation} ${role.name}`);
      actors.set(`${relation} ${role.name}`, who);
      list.push([who, kOrganisations[relation], 2 ** role.number]);
    }
  }
  for (const relation of ["creator", "party", "subject_creator", "subject_party"]) list.push([memberOf(relation), kOrganisations[relation], 1]);
  list.push([wallet("matrix inactive"), kOrganisations.own, 0xffffffff, false], [wallet("matrix of inactive"), kInactiveOrganisation, 0xffffffff]);
  list.push([wallet("matrix everything"), kOrganisations.own, 0xffffffff]);
  await platform.setActors(list);
  await platform.publish(pack, [...calendars.values()]);

  cases = rows.map(caseOf);
  for (const workflow of pack.workflows)
    for (const state of workflow.states) {
      subjectIn(workflow, state.number);
      put(`state ${workflow.name} ${state.number}`, { workflow: workflow.number, state: state.number, organisation: kOrganisations.own });
    }
  for (const { row, given, subject } of cases) {
    if (!row.transition.refers_to) continue;
    const other = workflowByName.get(row.transition.refers_to.workflow);
    for (const state of other.states) referenceIn(row, other, state.number, given.item, subject);
    referenceIn(row, other, stateNumber(other, row.transition.refers_to.states[0]), given.item, subject, "wrong");
  }
  for (const { row } of cases)
    if (row.from !== 0 && row.transition.subject) {
      const other = workflowByName.get(row.transition.subject.workflow);
      for (const state of other.states)
        put(`item ${row.key} with subject ${state.number}`, {
          ...puts.get(id(`item ${row.key}`)), subject: id(`subject ${other.name} ${state.number}`),
        });
    }
  const keys = [...puts.keys()];
  const calls = [];
  for (let at = 0; at < keys.length; at += 60) {
    const part = keys.slice(at, at + 60);
    calls.push([platform.authority, platform.workflows.address, platform.data("workflows", "put", [part, part.map((key) => puts.get(key))]), 16_000_000]);
  }
  await platform.sender.all(calls);
  now = Number((await rpc("eth_getBlockByNumber", ["latest", false])).timestamp);
});

// @row 1
test("every transition is open to its roles in its relation, and to no other role or relation", async () => {
  const list = [];
  for (const { row, given } of cases) {
    const { transition } = row;
    for (const relation of Object.keys(kOrganisations)) {
      for (const role of pack.roles) {
        const holds = transition.relation === "any" || transition.relation === relation;
        const want = !transition.roles.includes(role.name) ? "WrongRole" : holds ? "ok" : "WrongRelation";
        list.push({ from: actor(relation, role.name).address, given, want, what: `${nameOf(row)} by ${relation} ${role.name}` });
      }
    }
  }
  const count = await expectAll(list);
  assert.equal(count, rows.length * 8 * pack.roles.length);
  console.log(`figure ${count} combinations of transition, role and relation`);
});

// @row 1
test("whoever created an item or is its party may act without a colleague, as may their colleagues", async () => {
  const list = [];
  for (const { row, given } of cases) {
    const { relation, roles } = row.transition;
    if (!["creator", "party", "subject_creator", "subject_party"].includes(relation)) continue;
    list.push({ from: memberOf(relation).address, given, want: roles.includes("city_authority") ? "ok" : "WrongRole", what: `${nameOf(row)} by the ${relation}` });
  }
  assert.ok((await expectAll(list)) > 30);
});

// @row 7 8 9 22 23 25 40
test("every action that a state does not know is refused whoever takes it", async () => {
  const known = new Set(rows.map(({ key }) => key));
  const list = [];
  for (const workflow of pack.workflows) {
    const actions = [...workflow.actions.map(({ number }) => number), 0, workflow.actions.length + 1, 255];
    for (const state of [0, ...workflow.states.map(({ number }) => number)]) {
      for (const action of actions) {
        if (known.has(workflow.number * 65536 + action * 256 + state)) continue;
        const item = state === 0 ? id("nothing yet") : id(`state ${workflow.name} ${state}`);
        const given = fullAct({ item, sequence: state === 0 ? 0 : 1, workflow: workflow.number, action, document: id("d"), basis: id("b") });
        const what = `${workflow.name} action ${action} in state ${state}`;
        for (const role of pack.roles) list.push({ from: actor("own", role.name).address, given, want: "NoSuchTransition", what: `${what} by ${role.name}` });
        list.push({ from: wallet("matrix everything").address, given, want: "NoSuchTransition", what });
      }
    }
  }
  const count = await expectAll(list);
  console.log(`figure ${count} acts that no state knows`);
});

/** Each way in which an act can fall short of one row, with the refusal's name. */
function* shortfalls({ row, given }) {
  const { transition, workflow, from } = row;
  const isNew = from === 0;
  yield ["sequence too high", { sequence: given.sequence + 1 }, "WrongSequence"];
  yield ["sequence 2^32-1", { sequence: 0xffffffff }, "WrongSequence"];
  if (!isNew) yield ["sequence too low", { sequence: given.sequence - 1 }, "WrongSequence"];
  if (!isNew) yield ["another workflow", { workflow: (workflow.number % 22) + 1 }, "NoSuchTransition"];
  yield ["item 0", { item: kZero, sequence: 0 }, "WrongSequence"];
  yield ["a subject that does not exist", { subject: id("no such item") }, "SubjectInvalid"];
  if (!isNew) yield ["a subject though the item exists", { subject: id("subject entry 1") }, "SubjectInvalid"];
  if (isNew && transition.subject) yield ["no subject", { subject: kZero }, "SubjectInvalid"];
  if (transition.single) yield ["an id of its own", { item: id("an id of its own") }, "SubjectInvalid"];
  if (transition.organisation === "named") {
    yield ["no organisation", { organisation: 0 }, "OrganisationInvalid"];
    yield ["an inactive organisation", { organisation: kInactiveOrganisation }, "OrganisationInvalid"];
    yield ["an unknown organisation", { organisation: 4_000_000 }, "OrganisationInvalid"];
  } else {
    yield ["an organisation unasked", { organisation: kOrganisations.own }, "OrganisationInvalid"];
  }
  if (transition.refers_to) {
    yield ["no reference", { refersTo: kZero }, "ReferenceInvalid"];
    yield ["a reference that does not exist", { refersTo: id("no such item") }, "ReferenceInvalid"];
    yield ["a reference to another workflow", { refersTo: id("state survey 1") }, "ReferenceInvalid"];
  } else {
    yield ["a reference unasked", { refersTo: id("subject entry 1") }, "ReferenceInvalid"];
  }
  if (transition.choice) {
    yield ["no choice", { choice: 0 }, "ChoiceInvalid"];
    yield ["a choice too high", { choice: vocabularySize(transition.choice) + 1 }, "ChoiceInvalid"];
    yield ["the last choice", { choice: vocabularySize(transition.choice) }, "ok"];
  } else {
    yield ["a choice unasked", { choice: 1 }, "ChoiceInvalid"];
  }
  if (transition.marks) {
    const size = vocabularySize(transition.marks);
    yield ["no marks", { marks: 0 }, "MarksMissing"];
    yield ["an unknown mark", { marks: given.marks + 2 ** size }, "MarksMissing"];
    for (let bit = 0; bit < size; ++bit)
      if (transition.marks_any) yield [`only mark ${bit + 1}`, { marks: 2 ** bit }, "ok"];
      else yield [`without mark ${bit + 1}`, { marks: given.marks - 2 ** bit }, "MarksMissing"];
  } else {
    yield ["marks unasked", { marks: 1 }, "MarksMissing"];
  }
  if (transition.needs.includes("document")) yield ["no document", { document: kZero }, "DocumentMissing"];
  else yield ["a document all the same", { document: id("note") }, "ok"];
  if (transition.needs.includes("basis")) yield ["no legal basis", { basis: kZero }, "BasisMissing"];
  else yield ["a basis all the same", { basis: id("basis") }, "ok"];
}

// @row 8 9 18 22 23 24 35 40
test("every missing or surplus fact is refused by its own name", async () => {
  const list = [];
  for (const one of cases)
    for (const [what, change, want] of shortfalls(one))
      list.push({ from: rightActor(one.row).address, given: { ...one.given, ...change }, want, what: `${nameOf(one.row)} with ${what}` });
  const count = await expectAll(list);
  console.log(`figure ${count} acts with one fact changed`);
});

// @row 9 18 23
test("a subject or a reference counts only in the states the row names, and only where it is tied to the case", async () => {
  const list = [];
  for (const { row, given, subject } of cases) {
    const { transition, from } = row;
    const by = rightActor(row).address;
    if (transition.subject) {
      const other = workflowByName.get(transition.subject.workflow);
      for (const state of other.states) {
        const fits = transition.subject.states.includes(state.name);
        const there = id(`subject ${other.name} ${state.number}`);
        let changed;
        if (from !== 0) changed = { ...given, item: id(`item ${row.key} with subject ${state.number}`) };
        else changed = { ...given, subject: there, item: transition.single ? singleId(there, row.workflow.number) : given.item };
        const tied = transition.refers_to === null || there === subject;
        list.push({ from: by, given: changed, want: !fits ? "SubjectInvalid" : tied ? "ok" : "ReferenceInvalid", what: `${nameOf(row)} with subject ${state.name}` });
      }
      if (from === 0)
        list.push({ from: by, given: { ...given, subject: id(`state ${other.name === "survey" ? "entry" : "survey"} 1`) }, want: "SubjectInvalid", what: `${nameOf(row)} with another workflow's subject` });
    }
    if (transition.refers_to) {
      const { workflow: name, states, tie } = transition.refers_to;
      const other = workflowByName.get(name);
      for (const state of other.states) {
        const refersTo = id(`reference ${row.key} ${name} ${state.number} ${tie}`);
        list.push({ from: by, given: { ...given, refersTo }, want: states.includes(state.name) ? "ok" : "ReferenceInvalid", what: `${nameOf(row)} referring to ${state.name}` });
      }
      const loose = id(`reference ${row.key} ${name} ${stateNumber(other, states[0])} wrong`);
      list.push({ from: by, given: { ...given, refersTo: loose }, want: tie === "any" ? "ok" : "ReferenceInvalid", what: `${nameOf(row)} with a reference of another case` });
    }
  }
  const count = await expectAll(list);
  console.log(`figure ${count} states of subjects and references`);
});

test("nobody acts who is unknown or inactive, or whose organisation is inactive", async () => {
  const list = [];
  for (const { row, given } of cases)
    for (const from of [wallet("matrix unknown"), wallet("matrix inactive"), wallet("matrix of inactive")])
      list.push({ from: from.address, given, want: "NotAnActor", what: `${nameOf(row)} by ${from.address}` });
  await expectAll(list);
});

// @row 22 25 40
test("steps that wait for a deadline are refused before it, and steps with a time limit after it", async () => {
  const timed = cases.filter(({ row }) => row.transition.needs.some((need) => need === "overdue" || need === "in_time"));
  const keys = [];
  const list = [];
  for (const { row, given, before: item } of timed) {
    const waits = row.transition.needs.includes("overdue");
    for (const [what, deadline, want] of [
      ["none", 0, waits ? "NotOverdue" : "ok"], ["past", kPast, waits ? "ok" : "Overdue"], ["now", now, waits ? "ok" : "Overdue"], ["future", kFuture, waits ? "NotOverdue" : "ok"],
    ]) {
      const key = id(`timed ${row.key} ${what}`);
      keys.push([key, { ...item, deadline }]);
      list.push({ from: rightActor(row).address, given: { ...given, item: key }, want, what: `${nameOf(row)} with a deadline ${what}` });
    }
  }
  await platform.send(platform.authority, "workflows", "put", keys.map(([key]) => key), keys.map(([, value]) => value));
  assert.ok((await expectAll(list)) >= 20);
});

/** The first second after a clock's last day, computed from dates as people write them. */
function deadlineOf(clock, time) {
  const { value, unit } = pack.numbers.find(({ name }) => name === clock);
  const offset = 8 * 3600;
  let day = Math.floor((time + offset) / 86400);
  const date = new Date(day * 86_400_000);
  const isoOf = (number) => new Date(number * 86_400_000).toISOString().slice(0, 10);
  if (unit === "day") day += value;
  else if (unit === "working_day") {
    for (let left = value; left > 0;) {
      day += 1;
      const iso = isoOf(day);
      const calendar = calendars.get(Number(iso.slice(0, 4)));
      const weekday = new Date(day * 86_400_000).getUTCDay() % 6 !== 0;
      if (calendar ? calendar.make_up_days.includes(iso) || (weekday && !calendar.holidays.includes(iso)) : weekday) left -= 1;
    }
  } else {
    const months = date.getUTCFullYear() * 12 + date.getUTCMonth() + value * (unit === "year" ? 12 : 1);
    const last = new Date(Date.UTC(Math.floor(months / 12), (months % 12) + 1, 0)).getUTCDate();
    day = dayOf(new Date(Date.UTC(Math.floor(months / 12), months % 12, Math.min(date.getUTCDate(), last))).toISOString().slice(0, 10));
  }
  return (day + 1) * 86400 - offset;
}

// @row 5 6 7 8 9 10 11 16 18 19 20 21 22 23 24 25 26 31 32 33 34 35 36 37 38 39 40 41 42
test("every transition, taken by the right actor, leaves the item and the event that the pack describes", async () => {
  const sent = await platform.sender.all(cases.map(({ row, given }) => [rightActor(row), platform.workflows.address, actData(given), 1_000_000]));
  const blocks = new Map();
  for (const { blockNumber } of sent)
    if (!blocks.has(blockNumber)) blocks.set(blockNumber, Number((await rpc("eth_getBlockByNumber", [blockNumber, false])).timestamp));
  const { face } = kArtifacts.Workflows;
  const answers = await rpcMany("eth_call", cases.map(({ given }) => [{ to: platform.workflows.address, data: face.encodeFunctionData("item", [given.item]) }, "latest"]));
  for (const [index, { row, given, before: item, subject }] of cases.entries()) {
    const { transition, workflow, action, from } = row;
    const time = blocks.get(sent[index].blockNumber);
    const who = rightActor(row);
    const named = workflow.states.find((state) => state.name === transition.to).number;
    const actorOrganisation = kOrganisations[transition.relation === "any" ? "stranger" : transition.relation];
    const organisation = { none: 0, actor: actorOrganisation, subject: kOrganisations.subject_own, named: kOrganisations.own }[transition.organisation];
    const party = { none: item?.party ?? kNobody, subject_creator: memberOf("subject_creator").address, subject_party: memberOf("subject_party").address, actor: who.address }[transition.party];
    const want = {
      workflow: workflow.number, state: named, pack: 1, sequence: (item?.sequence ?? 0) + 1, organisation: item ? item.organisation : organisation,
      creator: item ? item.creator : who.address, party,
      deadline: transition.clock === null ? (item?.deadline ?? 0) : transition.clock === "stop" ? 0 : deadlineOf(transition.clock, time),
      marks: given.marks || (item?.marks ?? 0), choice: given.choice || (item?.choice ?? 0), subject,
      document: transition.content && given.document !== kZero ? given.document : item?.document ?? kZero,
    };
    const got = face.decodeFunctionResult("item", answers[index].result)[0].toObject();
    const plain = (value) => (typeof value === "bigint" ? Number(value) : String(value).toLowerCase());
    for (const [member, value] of Object.entries(want))
      assert.equal(plain(got[member]), plain(typeof value === "number" ? BigInt(value) : value), `${nameOf(row)}: ${member}`);

    assert.equal(sent[index].logs.length, 1);
    const event = face.parseLog(sent[index].logs[0]);
    assert.equal(event.args.item, given.item);
    assert.equal(event.args.actor, who.address);
    assert.equal(Number(event.args.kind), workflow.number * 2 ** 24 + action.number * 65536 + from * 256 + named);
    const details = event.args.details.toObject();
    const wantDetails = {
      sequence: want.sequence, pack: 1, choice: given.choice, marks: given.marks, organisation: want.organisation, actorOrganisation, deadline: want.deadline,
      content: transition.content && given.document !== kZero, party: want.party, subject: want.subject, refersTo: given.refersTo, document: given.document, basis: given.basis,
    };
    for (const [member, value] of Object.entries(wantDetails))
      assert.equal(plain(details[member]), plain(typeof value === "number" ? BigInt(value) : value), `${nameOf(row)}: event's ${member}`);
  }
  assert.equal(toBeHex(cases.length), toBeHex(rows.length));
});
