// SPDX-License-Identifier: Apache-2.0
// Rule packs and calendars as files: their schema, their sense, and what the law's text makes of them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { calendarFaults, canonical, checkAll, encodeDays, encodePack, packFaults, rowsOf, validator } from "../rules.mjs";
import { calendarOf, kCalendarYears, packOne } from "./lib/chain.mjs";

const pack = packOne();
const vocabulary = (name) => pack.vocabularies.find((one) => one.name === name);
const workflow = (name) => pack.workflows.find((one) => one.name === name);
const transitions = (flow, action) => workflow(flow).transitions.filter((one) => one.action === action);
const clone = () => structuredClone(pack);

test("every pack and calendar fits its schema and makes sense", () => {
  assert.deepEqual(checkAll(), []);
});

test("the schema and the checker refuse what is wrong", () => {
  const isPack = validator("rule_pack");
  const refusedBySchema = [
    (p) => { delete p.zone; }, (p) => { p.zone = "Europe/Berlin"; }, (p) => { p.surplus = 1; }, (p) => { p.number = 0; },
    (p) => { p.workflows[0].transitions[0].relation = "friend"; }, (p) => { p.workflows[0].transitions[0].needs = ["luck"]; },
    (p) => { p.workflows[0].transitions[0].why.en = ""; }, (p) => { delete p.roles[0].title.zh; }, (p) => { p.workflows[0].states[0].number = 32; },
    (p) => { p.numbers[0].unit = "fortnight"; }, (p) => { delete p.workflows[0].transitions[0].single; },
  ];
  for (const spoil of refusedBySchema) {
    const copy = clone();
    spoil(copy);
    assert.equal(isPack(copy), false, spoil.toString());
  }
  const refusedBySense = [
    (p) => { p.workflows[0].transitions[0].to = "nowhere"; }, (p) => { p.workflows[0].transitions[0].roles = ["king"]; },
    (p) => { p.workflows[1].number = 1; }, (p) => { p.roles[1].name = p.roles[0].name; }, (p) => { p.workflows[0].transitions[0].action = "sing"; },
    (p) => { p.workflows[0].transitions[0].article = "XX 1"; }, (p) => { p.workflows[0].transitions[0].clock = "never"; },
    (p) => { p.workflows[0].transitions[0].from = ["none", "draft"]; }, (p) => { p.workflows[0].transitions[0].relation = "own"; },
    (p) => { p.workflows[0].transitions.push(p.workflows[0].transitions[1]); }, (p) => { p.workflows[0].transitions[0].marks_any = true; },
    (p) => { p.workflows[0].states.push({ number: 31, name: "island", title: { zh: "岛", en: "Island" }, final: true }); },
    (p) => { p.vocabularies[0].values[0].number = 9; }, (p) => { p.workflows[0].transitions[1].single = true; },
  ];
  for (const spoil of refusedBySense) {
    const copy = clone();
    spoil(copy);
    assert.notDeepEqual(packFaults(copy), [], spoil.toString());
  }
});

test("a pack has one digest, whatever the order and the white space of its file", () => {
  const turned = Object.fromEntries(Object.entries(pack).reverse());
  assert.equal(canonical(turned), canonical(pack));
  assert.equal(encodePack(turned).document, encodePack(pack).document);
  assert.throws(() => canonical({ a: 1.5 }));
});

// @row 1
test("every party that the law names has its role", () => {
  const names = pack.roles.map(({ name }) => name);
  for (const name of ["city_authority", "district_authority", "owner_org", "org_committee", "level_committee", "government", "expert", "platform_operator",
    "secure_operator", "user_person", "user_legal", "user_unincorporated", "authorised_operator", "coordination_member", "regulator_cyber",
    "regulator_police", "regulator_security", "regulator_secrecy", "regulator_cipher", "regulator_telecom", "pricing", "finance", "cdo"])
    assert.ok(names.includes(name), name);
  // Directory.sol knows these bits.
  assert.deepEqual(["city_authority", "district_authority", "platform_operator", "user_person", "user_legal", "user_unincorporated"].map((name) => names.indexOf(name)), [0, 1, 7, 9, 10, 11]);
});

// @row 8 13 24 26 35 37 40 42
test("the law's lists are whole", () => {
  const sizes = {
    closed_ground: 4, conditional_ground: 4, unconditional_ground: 3, condition_subject: 4, condition_scenario: 3, condition_mode: 4, agreement_clause: 7,
    complaint_ground: 5, org_violation: 5, user_violation: 6, delivery: 3, commitment_clause: 2, star: 5, supplementary_ground: 3, support_kind: 2, gate_stage: 4,
  };
  for (const [name, size] of Object.entries(sizes)) assert.equal(vocabulary(name).values.length, size, name);
  const evidence = vocabulary("evidence_kind").values.map(({ name }) => name);
  for (const name of ["protection_level", "crypto_assessment", "emergency_plan", "emergency_drill"]) assert.ok(evidence.includes(name), name);
});

// @row 22 40
test("the law's numbers are the law's", () => {
  const numbers = Object.fromEntries(pack.numbers.map(({ name, value, unit, article }) => [name, `${value} ${unit} ${article}`]));
  assert.equal(numbers.application_answer, "10 working_day SZ 42");
  assert.equal(numbers.secure_domain_answer, "10 working_day SZ 44");
  assert.equal(numbers.complaint_answer, "10 working_day SZ 65");
  assert.equal(transitions("application", "submit")[0].clock, "application_answer");
  assert.equal(transitions("complaint", "file")[0].clock, "complaint_answer");
});

// @row 9
test("only a cited legal basis narrows an opening, and only an audited desensitisation opens what was closed", () => {
  for (const transition of workflow("opening").transitions) {
    const isBeforeReview = transition.subject?.states.includes("draft");
    for (const from of transition.from.filter((name) => name !== "none")) {
      const openness = ["closed", "conditional", "unconditional"];
      const narrows = openness.indexOf(transition.to) >= 0 && openness.indexOf(from) > openness.indexOf(transition.to);
      if (narrows && !isBeforeReview) assert.ok(transition.needs.includes("basis"), `${transition.action} from ${from}`);
      if (from === "closed" && transition.to !== "closed" && !isBeforeReview)
        assert.deepEqual(transition.refers_to, { workflow: "desensitisation", states: ["audited"], tie: "same_subject" });
    }
  }
});

// @row 22 32
test("every refusal and every return states its reasons", () => {
  for (const flow of pack.workflows)
    for (const transition of flow.transitions)
      if (/^(refuse|return|reject|decline|dismiss|fail)/.test(transition.action) && !(flow.name === "agreement"))
        assert.ok(transition.needs.includes("document"), `${flow.name}.${transition.action}`);
});

// @row 23
test("a right opens only under an agreement that both have signed, and by the city authority", () => {
  const creations = workflow("grant").transitions.filter(({ from }) => from.includes("none"));
  assert.equal(creations.length, 1);
  assert.deepEqual(creations[0].subject, { workflow: "agreement", states: ["in_force"] });
  assert.deepEqual(creations[0].roles, ["city_authority"]);
  const inForce = workflow("agreement").transitions.filter(({ to }) => to === "in_force");
  assert.deepEqual(inForce.map(({ from }) => from), [["user_signed"]]);
});

// @row 4
test("only the owner and the user sign an agreement on use", () => {
  assert.deepEqual(transitions("agreement", "countersign")[0].roles, ["owner_org"]);
  assert.deepEqual(transitions("agreement", "user_sign")[0].roles, ["user_person", "user_legal", "user_unincorporated"]);
});

// @row 10
test("another pack can hold other numbers without a line of code", () => {
  const copy = clone();
  copy.number = 2;
  copy.numbers.find(({ name }) => name === "application_answer").value = 7;
  assert.deepEqual(packFaults(copy), []);
  const differing = rowsOf(copy).filter(({ row }, index) => row !== rowsOf(pack)[index].row).map(({ workflow: flow, action }) => `${flow.name}.${action.name}`);
  assert.deepEqual([...new Set(differing)].sort(), ["application.submit", "application.supplement"]);
});

test("calendars hold as many working days as the notices leave", () => {
  const count = (bits) => bits.reduce((sum, one) => sum + one.toString(2).split("1").length - 1, 0);
  assert.deepEqual(kCalendarYears.map((year) => count(encodeDays(calendarOf(year)))), [249, 251, 248, 248]);
  assert.notDeepEqual(calendarFaults({ ...calendarOf(2023), make_up_days: ["2023-10-09"] }), [], "a Monday is no make-up day");
  assert.notDeepEqual(calendarFaults({ ...calendarOf(2023), holidays: ["2023-02-30"] }), []);
});
