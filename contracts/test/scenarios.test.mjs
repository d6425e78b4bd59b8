// SPDX-License-Identifier: Apache-2.0
// The law's procedures from beginning to end on the contracts as they are deployed, each step by the party that takes it.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { id, toBeHex } from "ethers";
import {
  Platform, actData, calendarOf, errorName, fullAct, kArtifacts, kCalendarYears, kZero, mappingSlot, packOne, provenValue, rpc, rpcMany, singleId, wallet,
} from "./lib/chain.mjs";

const pack = packOne();
const flows = new Map(pack.workflows.map((workflow) => [workflow.name, workflow]));
const roleMask = (...names) => names.reduce((mask, name) => mask + 2 ** pack.roles.find((role) => role.name === name).number, 0);
const choiceOf = (vocabulary, name) => pack.vocabularies.find((one) => one.name === vocabulary).values.find((value) => value.name === name).number;
const kSevenClauses = 127;
const kCitySide = 1;
const kDistrict = 20;
const kOwner = 21;
const kOther = 31;
const kOperator = 40;
const kCompany = 50;

const kActors = {
  city: [kCitySide, roleMask("city_authority")], district: [kDistrict, roleMask("district_authority")], owner: [kOwner, roleMask("owner_org")],
  colleague: [kOwner, roleMask("owner_org")], committee: [kOwner, roleMask("org_committee")], other: [kOther, roleMask("owner_org")],
  level: [70, roleMask("level_committee")], government: [71, roleMask("government")], expert: [0, roleMask("expert")],
  operator: [kOperator, roleMask("platform_operator", "secure_operator")], person: [0, roleMask("user_person")], another: [0, roleMask("user_person")],
  company: [kCompany, roleMask("user_legal")], clerk: [kCompany, roleMask("user_legal")], police: [72, roleMask("regulator_police")],
  finance: [73, roleMask("finance")], industry: [74, roleMask("industry_authority")], assessor: [75, roleMask("assessor")],
};
const who = (name) => (name === "first" ? platform.authority : wallet(`scenarios ${name}`));
let platform;
let counter = 0;

before(async () => {
  platform = await Platform.deploy("scenarios");
  await platform.setOrganisations([
    [kDistrict, kCitySide, 1], [kOwner, kDistrict, 2], [kOther, kCitySide, 2], [kOperator, 0, 3], [kCompany, 0, 4],
    [70, 0, 7], [71, 0, 6], [72, 0, 5], [73, 0, 8], [74, 0, 8], [75, 0, 8],
  ]);
  await platform.setActors(Object.entries(kActors).map(([name, [organisation, roles]]) => [who(name), organisation, roles]));
  await platform.publish(pack, kCalendarYears.map(calendarOf));
});

/** A case on the ledger: what the tests know of it, and its next step. */
class Case {
  constructor(workflow, item) {
    this.flow = flows.get(workflow);
    this.id = item ?? id(`case ${(counter += 1)}`);
    this.sequence = 0;
  }

  #act(action, fields) {
    const { choice, ...rest } = fields;
    const number = this.flow.actions.find(({ name }) => name === action).number;
    const steps = this.flow.transitions.filter((one) => one.action === action);
    const given = fullAct({ item: this.id, sequence: this.sequence, workflow: this.flow.number, action: number, document: id(`${action} ${counter}`), ...rest });
    if (choice) given.choice = choiceOf(steps[0].choice, choice);
    return given;
  }

  call(action, fields = {}) {
    return this.#act(action, fields);
  }

  async refused(name, action, fields, want) {
    assert.equal(await platform.outcome("workflows", who(name), "act", [this.#act(action, fields)]), want, `${this.flow.name}.${action} by ${name}`);
  }

  async do(name, action, fields = {}) {
    const given = this.#act(action, fields);
    const data = actData(given);
    const [receipt] = await platform.sender.all([[who(name), platform.workflows.address, data, 2_000_000]], true);
    if (receipt.status !== "0x1") assert.fail(`${this.flow.name}.${action} by ${name}: ${await platform.outcome("workflows", who(name), "act", [given])}`);
    this.sequence += 1;
    this.receipt = receipt;
    return this;
  }

  async is(state) {
    const found = await platform.item(this.id);
    assert.equal(this.flow.states.find(({ number }) => number === Number(found.state)).name, state);
    assert.equal(Number(found.sequence), this.sequence);
    return found;
  }
}

const openingOf = (entry) => new Case("opening", singleId(entry.id, flows.get("opening").number));
const kGrounds = { closed: "state_secret", conditional: "high_requirements", unconditional: "low_risk" };

/** A published entry of the owner's with its opening. */
async function publishedEntry(type) {
  const entry = new Case("entry");
  await entry.do("owner", "compile");
  const opening = openingOf(entry);
  await opening.do("owner", `classify_${type}`, { subject: entry.id, choice: kGrounds[type] });
  await entry.do("owner", "submit", { refersTo: opening.id, document: kZero });
  await entry.do("district", "pass_district", { document: kZero });
  await entry.do("city", "pass_city", { document: kZero });
  await entry.do("city", "publish");
  return { entry, opening };
}

async function approvedApplication(applicant = "company") {
  const { entry, opening } = await publishedEntry("conditional");
  const application = new Case("application");
  await application.do(applicant, "submit", { subject: entry.id, refersTo: opening.id });
  await application.do("owner", "opine", { choice: "support" });
  await application.do("city", "approve");
  return { entry, opening, application };
}

async function agreementInForce(applicant = "company") {
  const base = await approvedApplication(applicant);
  const agreement = new Case("agreement");
  await agreement.do("owner", "offer", { subject: base.application.id, marks: kSevenClauses });
  await agreement.do(applicant, "user_sign", { marks: kSevenClauses, document: kZero });
  await agreement.do("owner", "countersign", { document: kZero });
  return { ...base, agreement };
}

async function openGrant(applicant = "company") {
  const base = await agreementInForce(applicant);
  const grant = new Case("grant");
  await grant.do("city", "open", { subject: base.agreement.id });
  return { ...base, grant };
}

// @row 5 6 7 32
test("an entry is compiled, reviewed by district and city, examined for security and published; a review may return it", async () => {
  const entry = new Case("entry");
  await entry.refused("person", "compile", {}, "WrongRole");
  await entry.refused("owner", "compile", { document: kZero }, "DocumentMissing");
  await entry.do("owner", "compile");
  await entry.refused("owner", "submit", {}, "ReferenceInvalid");
  const opening = openingOf(entry);
  await opening.do("owner", "classify_conditional", { subject: entry.id, choice: "consent_given" });
  await entry.refused("other", "submit", { refersTo: opening.id }, "WrongRelation");
  await entry.do("colleague", "submit", { refersTo: opening.id });
  await entry.refused("city", "pass_district", {}, "WrongRelation");
  await entry.refused("city", "publish", {}, "NoSuchTransition");
  await entry.refused("district", "return", { document: kZero }, "DocumentMissing");
  await entry.do("district", "return");
  const compiled = (await entry.is("returned")).document;
  await entry.do("owner", "revise", { document: id("better") });
  assert.notEqual((await entry.is("returned")).document, compiled);
  await entry.do("owner", "submit", { refersTo: opening.id, document: kZero });
  await entry.do("district", "pass_district");
  await entry.refused("district", "pass_city", {}, "WrongRole");
  await entry.do("city", "pass_city");
  await entry.refused("city", "publish", { document: kZero }, "DocumentMissing");
  await entry.do("city", "publish", { document: id("record of the security review") });
  const found = await entry.is("published");
  assert.equal(found.document, id("better"), "a review's record does not replace the entry");
  assert.equal(found.organisation, BigInt(kOwner));
});

// @row 7 11
test("the owner updates and re-evaluates an entry; retirement needs its authority's consent", async () => {
  const { entry, opening } = await publishedEntry("closed");
  const first = (await entry.is("published")).deadline;
  await entry.refused("other", "reevaluate", {}, "WrongRelation");
  await entry.do("owner", "reevaluate");
  assert.ok((await entry.is("published")).deadline >= first, "re-evaluation is due within a year again");
  await entry.do("owner", "begin_update", { document: kZero });
  await entry.do("owner", "revise", { document: id("version 2") });
  await entry.do("owner", "submit_update", { refersTo: opening.id, document: kZero });
  await entry.refused("city", "publish", {}, "NoSuchTransition");
  await entry.do("district", "return");
  await entry.do("owner", "submit_update", { refersTo: opening.id, document: kZero });
  await entry.do("district", "pass_update");
  await entry.do("city", "publish");
  assert.equal((await entry.is("published")).document, id("version 2"));
  await entry.refused("owner", "approve_retirement", {}, "NoSuchTransition");
  await entry.do("owner", "request_retirement");
  await entry.refused("owner", "approve_retirement", {}, "WrongRole");
  await entry.do("district", "refuse_retirement");
  await entry.do("owner", "request_retirement");
  await entry.do("district", "approve_retirement");
  await entry.is("retired");
});

// @row 11 14
test("a census is answered body by body, and an untended catalogue stops a project's approval, acceptance and funding", async () => {
  const census = new Case("survey");
  await census.do("city", "announce");
  const answer = new Case("survey");
  await answer.refused("owner", "answer", {}, "SubjectInvalid");
  await answer.do("owner", "answer", { subject: census.id });
  await answer.refused("city", "accept", {}, "WrongRelation");
  await answer.do("district", "return");
  await answer.do("owner", "revise");
  await answer.do("district", "accept");
  await census.do("city", "close");
  await new Case("survey").refused("owner", "answer", { subject: census.id }, "SubjectInvalid");
  for (const stage of ["approval", "acceptance", "operation", "resources"]) {
    const gate = new Case("survey");
    await gate.refused("owner", "pass_gate", { organisation: kOwner, choice: stage }, "WrongRole");
    await gate.do(stage === "operation" ? "finance" : "city", stage === "approval" ? "fail_gate" : "pass_gate", { organisation: kOwner, choice: stage });
    await gate.is(stage === "approval" ? "gate_failed" : "gate_passed");
  }
});

// @row 8
test("an open type needs one of its grounds, and an entry has one opening", async () => {
  const entry = new Case("entry");
  await entry.do("owner", "compile");
  const opening = openingOf(entry);
  for (const [type, size] of [["closed", 4], ["conditional", 4], ["unconditional", 3]]) {
    const refuse = async (number, want) => {
      const given = { ...opening.call(`classify_${type}`, { subject: entry.id }), choice: number };
      assert.equal(await platform.outcome("workflows", who("owner"), "act", [given]), want, `${type} on ground ${number}`);
    };
    await refuse(0, "ChoiceInvalid");
    await refuse(size + 1, "ChoiceInvalid");
    for (let number = 1; number <= size; ++number) await refuse(number, "ok");
  }
  await new Case("opening").refused("owner", "classify_closed", { subject: entry.id, choice: "state_secret" }, "SubjectInvalid");
  await opening.refused("other", "classify_closed", { subject: entry.id, choice: "state_secret" }, "WrongRelation");
  await opening.do("owner", "classify_closed", { subject: entry.id, choice: "state_secret" });
  await openingOf(entry).refused("owner", "classify_unconditional", { subject: entry.id, choice: "low_risk" }, "WrongSequence");
  await opening.do("owner", "classify_unconditional", { choice: "low_risk" });
  await opening.is("unconditional");
});

// @row 9 31
test("closed data opens only with an audited desensitisation of its own and a security review", async () => {
  const { entry, opening } = await publishedEntry("closed");
  const elsewhere = await publishedEntry("closed");
  const record = new Case("desensitisation");
  await opening.refused("owner", "propose_conditional", { choice: "high_requirements" }, "ReferenceInvalid");
  await record.refused("other", "record", { subject: entry.id }, "WrongRelation");
  await record.do("owner", "record", { subject: entry.id });
  await opening.refused("owner", "propose_conditional", { choice: "high_requirements", refersTo: record.id }, "ReferenceInvalid");
  await record.refused("owner", "audit", {}, "WrongRole");
  await record.do("district", "return");
  await record.do("owner", "revise");
  await record.do("district", "audit");
  await elsewhere.opening.refused("owner", "propose_conditional", { choice: "high_requirements", refersTo: record.id }, "ReferenceInvalid");
  await opening.do("owner", "propose_conditional", { choice: "high_requirements", refersTo: record.id });
  await opening.refused("owner", "approve", {}, "WrongRole");
  await opening.do("city", "refuse");
  await opening.is("closed");
  await opening.do("owner", "propose_unconditional", { choice: "low_risk", refersTo: record.id });
  await opening.do("city", "approve");
  await opening.is("unconditional");
});

// @row 9
test("an opening is narrowed only with a cited legal basis", async () => {
  const { opening } = await publishedEntry("unconditional");
  const basis = id("the statute, its article and its text");
  await opening.refused("owner", "restrict_to_conditional", { choice: "conditional_by_law" }, "BasisMissing");
  await opening.refused("owner", "restrict_to_closed", { choice: "forbidden_by_law" }, "BasisMissing");
  await opening.refused("owner", "classify_closed", { choice: "forbidden_by_law" }, "SubjectInvalid");
  await opening.do("owner", "restrict_to_conditional", { choice: "conditional_by_law", basis });
  await opening.refused("owner", "restrict_to_closed", { choice: "forbidden_by_law" }, "BasisMissing");
  await opening.do("owner", "widen", { choice: "otherwise" });
  await opening.do("city", "refuse");
  await opening.is("conditional");
  await opening.do("owner", "restrict_to_closed", { choice: "forbidden_by_law", basis });
  await opening.is("closed");
  const event = platform.workflows.face.parseLog(opening.receipt.logs[0]);
  assert.equal(event.args.details.basis, basis);
});

// @row 15
test("a resource is gathered, checked and published, and never while its entry is closed", async () => {
  const { entry, opening } = await publishedEntry("unconditional");
  const resource = new Case("resource");
  await resource.refused("operator", "gather", { subject: entry.id }, "WrongRole");
  await resource.do("owner", "gather", { subject: entry.id });
  await resource.do("operator", "fail_check");
  await resource.do("owner", "replace");
  await resource.do("operator", "pass_check");
  await resource.do("city", "publish", { refersTo: opening.id, document: kZero });
  await resource.do("owner", "update", { document: id("version 2") });
  await resource.do("operator", "suspend");
  await resource.do("city", "resume");
  assert.equal((await resource.is("published")).document, id("version 2"));
  const closed = await publishedEntry("closed");
  const hidden = new Case("resource");
  await hidden.do("owner", "gather", { subject: closed.entry.id });
  await hidden.do("operator", "pass_check");
  await hidden.refused("city", "publish", { refersTo: closed.opening.id }, "ReferenceInvalid");
  await hidden.refused("city", "publish", { refersTo: opening.id }, "ReferenceInvalid");
});

// @row 18 25
test("unconditional data asks for a signed commitment, which a breach suspends", async () => {
  const { entry, opening } = await publishedEntry("unconditional");
  const conditional = await publishedEntry("conditional");
  const commitment = new Case("commitment");
  const signing = { subject: entry.id, refersTo: opening.id, marks: 3 };
  await commitment.refused("person", "sign", { ...signing, marks: 1 }, "MarksMissing");
  await commitment.refused("owner", "sign", signing, "WrongRole");
  await commitment.refused("person", "sign", { ...signing, subject: conditional.entry.id, refersTo: conditional.opening.id }, "ReferenceInvalid");
  await commitment.do("person", "sign", signing);
  await commitment.do("owner", "suspend", { choice: "against_rules" });
  await commitment.refused("another", "report", {}, "WrongRelation");
  await commitment.refused("owner", "terminate", {}, "NotOverdue");
  await commitment.do("person", "report");
  await commitment.do("owner", "restore", { document: kZero });
  assert.equal((await commitment.is("signed")).deadline, 0n);
});

// @row 21 22
test("an application is answered within ten working days by city and owner together, and a refusal states its reasons", async () => {
  const { entry, opening } = await publishedEntry("conditional");
  const open = await publishedEntry("unconditional");
  const application = new Case("application");
  const submitting = { subject: entry.id, refersTo: opening.id };
  await application.refused("company", "submit", { ...submitting, document: kZero }, "DocumentMissing");
  await application.refused("company", "submit", { subject: open.entry.id, refersTo: open.opening.id }, "ReferenceInvalid");
  await application.refused("owner", "submit", submitting, "WrongRole");
  await application.do("company", "submit", submitting);
  const { deadline } = await application.is("submitted");
  const time = Number((await rpc("eth_getBlockByNumber", [application.receipt.blockNumber, false])).timestamp);
  assert.equal(deadline, await platform.view("ruleBook", "deadline", 1, time, 10, 2));
  await application.refused("city", "approve", {}, "NoSuchTransition");
  await application.do("owner", "request_supplement");
  await application.refused("another", "supplement", {}, "WrongRelation");
  await application.do("clerk", "supplement");
  await application.do("owner", "opine", { choice: "oppose" });
  await application.refused("city", "refuse", { document: kZero }, "DocumentMissing");
  await application.refused("owner", "refuse", {}, "WrongRole");
  await application.do("city", "refuse");
  assert.equal((await application.is("refused")).deadline, 0n);
  await application.refused("city", "approve", {}, "NoSuchTransition");
});

// @row 4 23 24
test("approved is not open: seven clauses, both signatures, then the city authority opens the right", async () => {
  const { application } = await approvedApplication();
  const agreement = new Case("agreement");
  const grant = new Case("grant");
  await agreement.refused("city", "offer", { subject: application.id, marks: kSevenClauses }, "WrongRole");
  await agreement.refused("other", "offer", { subject: application.id, marks: kSevenClauses }, "WrongRelation");
  for (let clause = 0; clause < 7; ++clause)
    await agreement.refused("owner", "offer", { subject: application.id, marks: kSevenClauses - 2 ** clause }, "MarksMissing");
  await agreement.do("owner", "offer", { subject: application.id, marks: kSevenClauses });
  await grant.refused("city", "open", { subject: agreement.id }, "SubjectInvalid");
  await agreement.refused("owner", "countersign", {}, "NoSuchTransition");
  await agreement.refused("person", "user_sign", { marks: kSevenClauses }, "WrongRelation");
  await agreement.do("clerk", "user_sign", { marks: kSevenClauses, document: kZero });
  await grant.refused("city", "open", { subject: agreement.id }, "SubjectInvalid");
  await agreement.do("owner", "countersign", { document: kZero });
  await grant.refused("owner", "open", { subject: agreement.id }, "WrongRole");
  await grant.do("city", "open", { subject: agreement.id });
  const found = await grant.is("open");
  assert.equal(found.party, who("company").address);
  assert.equal(found.organisation, BigInt(kOwner));
});

// @row 25
test("a breach suspends the right until rectified; a crime refers it, which ends the agreement", async () => {
  const { agreement, grant } = await openGrant();
  await agreement.refused("owner", "terminate", { refersTo: grant.id }, "ReferenceInvalid");
  await grant.refused("other", "suspend", { choice: "against_agreement" }, "WrongRelation");
  await grant.do("owner", "suspend", { choice: "against_agreement" });
  assert.ok((await grant.is("suspended")).deadline > 0n);
  await grant.refused("owner", "terminate", {}, "NotOverdue");
  await grant.do("clerk", "report");
  await grant.do("owner", "reject");
  await grant.do("company", "report");
  await grant.do("owner", "restore");
  await grant.do("operator", "emergency_suspend", { choice: "bulk_export" });
  await grant.do("owner", "refer", { choice: "illegal_gain" });
  await grant.is("referred");
  const elsewhere = await openGrant();
  await elsewhere.agreement.refused("owner", "terminate", { refersTo: grant.id }, "ReferenceInvalid");
  await agreement.do("owner", "terminate", { refersTo: grant.id });
  await agreement.is("terminated");
});

// @row 26 36 37
test("what users make is registered under their right, published, starred, and put on the list of candidates", async () => {
  const { grant } = await openGrant();
  const product = new Case("product");
  await product.refused("person", "register_under_grant", { subject: grant.id, choice: "paper" }, "WrongRelation");
  await product.do("clerk", "register_under_grant", { subject: grant.id, choice: "paper" });
  await product.do("city", "publish", { document: kZero });
  const stars = new Case("rating");
  await stars.refused("person", "rate_product", { subject: product.id }, "ChoiceInvalid");
  await stars.do("person", "rate_product", { subject: product.id, choice: "star_5" });
  await product.do("company", "apply_for_list");
  await product.do("expert", "opine", { choice: "support" });
  await product.do("other", "opine", { choice: "support" });
  await product.do("city", "list");
  await product.do("other", "use");
  await product.do("city", "evaluate");
  await product.do("city", "award", { choice: "commend" });
  await product.is("listed");
});

// @row 2
test("a dispute climbs five steps, each recorded", async () => {
  const dispute = new Case("dispute");
  const steps = [
    ["owner", "raise_internal", "own_committee"], ["committee", "go_external", "negotiation"], ["colleague", "to_level_committee", "level_committee"],
    ["level", "fail", "authority_opinion"], ["district", "give_opinion", "government"], ["government", "decide", "decided"],
  ];
  await dispute.refused("person", "raise_internal", {}, "WrongRole");
  for (const [name, action, state] of steps) {
    await dispute.do(name, action);
    await dispute.is(state);
    assert.equal(dispute.receipt.logs.length, 1);
  }
  const short = new Case("dispute");
  await short.do("owner", "raise");
  await short.refused("government", "decide", {}, "NoSuchTransition");
  await short.refused("district", "give_opinion", {}, "NoSuchTransition");
  await short.do("owner", "settle");
});

// @row 14 19
test("a year's plan goes from collection to publication by way of the committee, and emergencies have their own", async () => {
  const demand = new Case("demand");
  await demand.do("person", "submit", { organisation: kOwner });
  await demand.do("owner", "opine", { choice: "support" });
  const plan = new Case("plan");
  await plan.do("city", "collect");
  await demand.do("city", "accept");
  await demand.do("city", "plan", { refersTo: plan.id });
  const own = new Case("plan");
  await own.refused("owner", "submit_own", { subject: plan.id }, "SubjectInvalid");
  await plan.do("city", "set_priorities");
  await own.do("owner", "submit_own", { subject: plan.id });
  await own.do("district", "return_own");
  await own.do("owner", "revise_own");
  await own.do("district", "accept_own");
  await plan.do("city", "draft");
  await plan.refused("city", "publish", {}, "NoSuchTransition");
  await plan.do("city", "submit_to_committee");
  await plan.refused("city", "approve", {}, "WrongRole");
  await plan.do("level", "approve");
  await plan.do("city", "publish");
  await plan.is("published");
  const { entry } = await publishedEntry("unconditional");
  await demand.do("owner", "meet", { refersTo: entry.id });
  const supplement = new Case("plan");
  await supplement.refused("city", "publish_supplementary", { choice: "public_health" }, "BasisMissing");
  await supplement.do("city", "publish_supplementary", { choice: "public_health", basis: id("the city government's order") });
});

// @row 20
test("scenarios are collected and put on an open list that users take up", async () => {
  const scenario = new Case("scenario");
  await scenario.do("company", "propose");
  await scenario.refused("industry", "list", {}, "NoSuchTransition");
  await scenario.do("city", "accept");
  await scenario.do("industry", "list");
  await scenario.do("person", "take_up");
  await scenario.do("city", "close");
});

// @row 40
test("a complaint on one of five grounds is answered, escalated and upheld", async () => {
  const { entry } = await publishedEntry("unconditional");
  const complaint = new Case("complaint");
  await complaint.refused("person", "file", { subject: entry.id }, "ChoiceInvalid");
  await complaint.do("person", "file", { subject: entry.id, choice: "bad_quality" });
  const time = Number((await rpc("eth_getBlockByNumber", [complaint.receipt.blockNumber, false])).timestamp);
  assert.equal((await complaint.is("filed")).deadline, await platform.view("ruleBook", "deadline", 1, time, 10, 2));
  await complaint.refused("person", "escalate", {}, "NotOverdue");
  await complaint.refused("other", "answer", {}, "WrongRelation");
  await complaint.do("owner", "answer");
  await complaint.refused("another", "escalate", {}, "WrongRelation");
  await complaint.do("person", "escalate");
  await complaint.do("city", "uphold", { choice: "urge" });
  await complaint.do("owner", "rectify");
  await complaint.is("rectified");
});

// @row 39
test("the public rates data, and the owner replies", async () => {
  const { entry } = await publishedEntry("unconditional");
  const rating = new Case("rating");
  await rating.do("person", "rate_data", { subject: entry.id, choice: "star_2" });
  await rating.do("owner", "reply");
  await rating.refused("another", "change", { choice: "star_1" }, "WrongRelation");
  await rating.do("person", "change", { choice: "star_4" });
  assert.equal((await rating.is("rated")).choice, 4n);
});

// @row 41
test("an owner is assessed every year and files an improvement plan that its committee reviewed", async () => {
  const assessment = new Case("assessment");
  await assessment.refused("city", "start", { organisation: 999 }, "OrganisationInvalid");
  await assessment.do("city", "start", { organisation: kOwner });
  await assessment.do("assessor", "report");
  await assessment.do("city", "assess");
  await assessment.do("owner", "draft_plan");
  await assessment.refused("owner", "file_plan", {}, "NoSuchTransition");
  await assessment.do("committee", "return_plan");
  await assessment.do("owner", "draft_plan");
  await assessment.do("committee", "review_plan");
  await assessment.do("owner", "file_plan");
  await assessment.do("city", "close");
});

// @row 42
test("inspections find violations from the lists, rectification is reported, and due care may exempt", async () => {
  const inspection = new Case("inspection");
  await inspection.refused("district", "open_district", { organisation: kOther }, "WrongRelation");
  await inspection.do("district", "open_district", { organisation: kOwner });
  await inspection.refused("district", "find_org", { marks: 32 }, "MarksMissing");
  await inspection.do("district", "find_org", { marks: 1 + 4 });
  await inspection.refused("district", "escalate", {}, "NotOverdue");
  await inspection.do("owner", "report");
  await inspection.do("district", "reject");
  await inspection.do("owner", "claim_exemption");
  await inspection.do("district", "exempt");
  await inspection.is("exempted");
  const { grant } = await openGrant();
  const onUser = new Case("inspection");
  await onUser.do("owner", "open_on_user_by_owner", { subject: grant.id });
  await onUser.do("owner", "find_user", { marks: 32 });
  await onUser.do("clerk", "report_as_user");
  await onUser.do("owner", "accept");
  const operator = new Case("inspection");
  await operator.do("city", "open", { organisation: kOperator });
  await operator.do("city", "clear");
});

// @row 33
test("use out of scope, bulk export and aggregation raise alerts that end with regulators", async () => {
  const { grant } = await openGrant();
  for (const kind of ["out_of_scope", "bulk_export", "aggregation"]) {
    const alert = new Case("alert");
    await alert.refused("company", "raise", { subject: grant.id, choice: kind }, "WrongRole");
    await alert.do(kind === "bulk_export" ? "police" : "operator", "raise", { subject: grant.id, choice: kind });
    assert.equal((await alert.is("raised")).party, who("company").address);
    await alert.do("city", "confirm");
    await alert.do("owner", "respond");
    await alert.do("city", "refer");
    await alert.do("police", "handle");
    await alert.is("handled");
  }
});

// @row 34 35
test("protection level, cryptography, emergency plans and drills are evidenced and renewed every year", async () => {
  for (const kind of ["protection_level", "crypto_assessment", "emergency_plan", "emergency_drill"]) {
    const evidence = new Case("evidence");
    await evidence.do("operator", "file", { choice: kind });
    await evidence.do("city", "accept", { document: kZero });
    const time = Number((await rpc("eth_getBlockByNumber", [evidence.receipt.blockNumber, false])).timestamp);
    assert.equal((await evidence.is("accepted")).deadline, await platform.view("ruleBook", "deadline", 1, time, 1, 4));
    await evidence.refused("owner", "renew", {}, "WrongRelation");
    await evidence.do("operator", "renew");
  }
});

// @row 14
test("an objection to data is corrected, or rejected with reasons and taken to the authority", async () => {
  const { entry } = await publishedEntry("unconditional");
  const objection = new Case("objection");
  await objection.do("company", "file", { subject: entry.id, choice: "outdated" });
  await objection.do("owner", "reject");
  await objection.do("clerk", "escalate");
  await objection.do("city", "uphold");
  await objection.do("owner", "correct");
  await objection.is("corrected");
});

// @row 38
test("special funds and open laboratories are applied for, granted and accounted for", async () => {
  for (const kind of ["special_fund", "open_laboratory"]) {
    const support = new Case("support");
    await support.do("company", "apply", { choice: kind });
    await support.do("expert", "opine", { choice: "support" });
    await support.do("city", "grant");
    await support.do("clerk", "report");
    await support.do("city", "close");
  }
});

// @row 22
test("of two acts on one state of a case the second is refused, and a batch is all or nothing", async () => {
  const entry = new Case("entry");
  await entry.do("owner", "compile");
  const one = entry.call("revise", { document: id("one") });
  const two = entry.call("revise", { document: id("two") });
  const receipts = await platform.sender.all([
    [who("owner"), platform.workflows.address, actData(one), 1_000_000], [who("colleague"), platform.workflows.address, actData(two), 1_000_000]], true);
  assert.deepEqual(receipts.map(({ status }) => status).sort(), ["0x0", "0x1"]);
  const before_ = await platform.item(entry.id);
  const opening = openingOf(entry);
  const batch = [opening.call("classify_closed", { subject: entry.id, choice: "state_secret" }), { ...entry.call("submit", { refersTo: opening.id }), sequence: 2 }];
  const bad = [...batch, { ...entry.call("submit", { refersTo: opening.id }), sequence: 3 }];
  assert.equal(await platform.outcome("workflows", who("owner"), "actMany", [bad]), "NoSuchTransition");
  const [failed] = await platform.sender.all([[who("owner"), platform.workflows.address, platform.data("workflows", "actMany", [bad]), 2_000_000]], true);
  assert.equal(failed.status, "0x0");
  assert.equal(failed.logs.length, 0);
  assert.deepEqual(await platform.item(entry.id), before_);
  assert.equal((await platform.item(opening.id)).sequence, 0n);
  const receipt = await platform.send(who("owner"), "workflows", "actMany", batch);
  assert.equal(receipt.logs.length, 2);
  assert.equal((await platform.item(entry.id)).state, 2n);
  assert.equal(await platform.outcome("workflows", who("person"), "actMany", [[]]), "ok");
});

// @row 1
test("an actor who is dismissed stops acting at once, and colleagues carry the case on", async () => {
  const entry = new Case("entry");
  await platform.setActors([[who("temporary"), kOwner, roleMask("owner_org")]]);
  await entry.do("temporary", "compile");
  await platform.setActors([[who("temporary"), kOwner, roleMask("owner_org"), false]]);
  await entry.refused("temporary", "discard", {}, "NotAnActor");
  await platform.setActors([[who("temporary"), kOwner, roleMask("org_committee")]]);
  await entry.refused("temporary", "discard", {}, "WrongRole");
  await entry.do("owner", "discard");
});

// @row 16 65
test("an item's state, sequence and digest are proved against a block's state root, and so is that there is none", async () => {
  const { entry } = await publishedEntry("unconditional");
  const base = BigInt(mappingSlot(entry.id));
  const absent = mappingSlot(id("no such item"));
  const slots = [base, base + 1n, base + 2n, base + 3n].map((slot) => toBeHex(slot, 32));
  const tag = await rpc("eth_blockNumber");
  const { stateRoot } = await rpc("eth_getBlockByNumber", [tag, false]);
  const proof = await rpc("eth_getProof", [platform.workflows.address, [...slots, absent], tag]);
  const account = provenValue(stateRoot, platform.workflows.address, proof.accountProof);
  assert.ok(account.includes(proof.storageHash.slice(2)), "the account names the storage root");
  const found = await entry.is("published");
  const head = BigInt(found.workflow) | (found.state << 8n) | (found.pack << 16n) | (found.sequence << 32n) | (found.organisation << 64n) | (BigInt(found.creator) << 96n);
  const clock = BigInt(found.party) | (found.deadline << 160n) | (found.marks << 200n) | (found.choice << 232n);
  const values = [head, BigInt(found.document), clock, BigInt(found.subject)];
  proof.storageProof.slice(0, 4).forEach(({ key, value, proof: path }, index) => {
    assert.equal(BigInt(value), values[index]);
    const proven = provenValue(proof.storageHash, slots[index], path);
    const bytes = toBeHex(values[index]).slice(2);
    if (values[index] === 0n) assert.equal(proven, undefined);
    else assert.ok(proven.endsWith(bytes), `slot ${index} of ${key}`);
  });
  assert.equal(provenValue(proof.storageHash, absent, proof.storageProof[4].proof), undefined);
});

// @row 16 65
test("everything that happened can be rebuilt from events alone", async () => {
  const logs = await rpc("eth_getLogs", [{ address: platform.workflows.address, fromBlock: "0x0", toBlock: "latest" }]);
  const { face } = kArtifacts.Workflows;
  const rebuilt = new Map();
  for (const log of logs) {
    const { item, actor, kind, details } = face.parseLog(log).args;
    const isNew = ((kind >> 8n) & 255n) === 0n;
    const one = isNew ? { creator: actor, subject: details.subject, workflow: kind >> 24n, choice: 0n, marks: 0n, document: kZero } : rebuilt.get(item);
    Object.assign(one, { state: kind & 255n, sequence: details.sequence, pack: details.pack, organisation: details.organisation, party: details.party, deadline: details.deadline });
    if (details.choice !== 0n) one.choice = details.choice;
    if (details.marks !== 0n) one.marks = details.marks;
    if (details.content) one.document = details.document;
    rebuilt.set(item, one);
  }
  const ids = [...rebuilt.keys()];
  const answers = await rpcMany("eth_call", ids.map((one) => [{ to: platform.workflows.address, data: face.encodeFunctionData("item", [one]) }, "latest"]));
  answers.forEach(({ result }, index) => {
    const onChain = face.decodeFunctionResult("item", result)[0].toObject();
    for (const [member, value] of Object.entries(rebuilt.get(ids[index]))) assert.equal(String(onChain[member]), String(value), member);
  });
  assert.ok(ids.length > 20);
});

test("an act costs about as much gas as four storage slots", async () => {
  const entry = new Case("entry");
  const figures = [];
  const measure = (what, receipt) => figures.push([what, Number(receipt.gasUsed)]);
  measure("entry.compile, a new item", (await entry.do("owner", "compile")).receipt);
  const opening = openingOf(entry);
  measure("opening.classify_conditional, new with subject", (await opening.do("owner", "classify_conditional", { subject: entry.id, choice: "high_requirements" })).receipt);
  measure("entry.submit, with reference", (await entry.do("owner", "submit", { refersTo: opening.id, document: kZero })).receipt);
  measure("entry.pass_district", (await entry.do("district", "pass_district", { document: kZero })).receipt);
  await entry.do("city", "pass_city", { document: kZero });
  measure("entry.publish, with a clock of a year", (await entry.do("city", "publish")).receipt);
  const application = new Case("application");
  measure("application.submit, new with ten working days", (await application.do("company", "submit", { subject: entry.id, refersTo: opening.id })).receipt);
  measure("application.opine", (await application.do("owner", "opine", { choice: "support" })).receipt);
  measure("application.approve", (await application.do("city", "approve")).receipt);
  const many = Array.from({ length: 50 }, (_, index) => new Case("entry", id(`bulk ${counter} ${index}`)).call("compile", {}));
  const [bulk] = await platform.sender.all([[who("owner"), platform.workflows.address, platform.data("workflows", "actMany", [many]), 16_000_000]]);
  figures.push(["entry.compile, each of 50 in actMany", Math.round(Number(bulk.gasUsed) / 50)]);
  for (const [what, gas] of figures) {
    console.log(`figure ${gas} gas: ${what}`);
    assert.ok(gas < 200_000, what);
  }
  assert.equal(errorName("0x"), "unknown revert 0x");
});
