// SPDX-License-Identifier: Apache-2.0
// Directory and RuleBook: who may set what, packs in succession, clocks.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { id } from "ethers";
import { dayOf, encodeDays, encodePack, rowsOf } from "../rules.mjs";
import { Platform, actData, calendarOf, errorName, fullAct, kCalendarYears, kNobody, kZero, packOne, rpcMany, wallet } from "./lib/chain.mjs";

const kCity = 1;
const kDistrict = 2;
const kOwner = 4;
const kCommittee = 8;
const kPlatform = 128;
const kUser = 512;
const who = (name) => wallet(`contracts ${name}`);
let platform;

before(async () => {
  platform = await Platform.deploy("contracts");
  await platform.setOrganisations([[20, 0, 1], [21, 20, 2], [22, 20, 2], [30, 0, 1], [31, 30, 2], [40, 0, 3], [50, 0, 4], [51, 0, 4], [60, 0, 2, false]]);
  await platform.setActors([
    [who("district"), 20, kDistrict], [who("operator"), 40, kPlatform], [who("owner"), 21, kOwner], [who("other owner"), 31, kOwner],
    [who("person"), 0, kUser], [who("second city"), 1, kCity], [who("nobody's district"), 0, kDistrict], [who("dismissed"), 1, kCity, false], [who("of inactive"), 60, kCity],
  ]);
});

const setActor = (from, ...parameters) => platform.outcome("directory", from, "setActor", parameters);
const setOrganisation = (from, ...parameters) => platform.outcome("directory", from, "setOrganisation", parameters);

// @row 1
test("a city authority registers any organisation and any actor", async () => {
  assert.equal(await setActor(platform.authority, who("new").address, 21, 0xffffffff, true), "ok");
  assert.equal(await setActor(platform.authority, who("new").address, 0, kUser, true), "ok");
  assert.equal(await setOrganisation(platform.authority, 90, 20, 2, true, kZero), "ok");
  for (const name of ["owner", "person", "operator", "district", "dismissed", "of inactive", "unknown"])
    assert.equal(await setActor(who(name), who("new").address, 21, kCity, true), "NotAuthorised", name);
  for (const name of ["owner", "person", "district", "dismissed", "of inactive", "unknown"])
    assert.equal(await setOrganisation(who(name), 90, 0, 2, true, kZero), "NotAuthorised", name);
});

// @row 1 3
test("a district authority sets actors of its own organisations, within the roles it may grant", async () => {
  const district = who("district");
  const fresh = who("new").address;
  assert.equal(await setActor(district, fresh, 21, kOwner, true), "ok");
  assert.equal(await setActor(district, fresh, 22, kOwner | kCommittee, true), "ok");
  assert.equal(await setActor(district, who("owner").address, 21, kOwner, false), "ok", "dismisses its own");
  for (const roles of [kCity, kDistrict, kPlatform, kUser, kOwner | kCity, 1 << 4]) assert.equal(await setActor(district, fresh, 21, roles, true), "NotAuthorised");
  for (const organisation of [0, 20, 30, 31, 1, 50]) assert.equal(await setActor(district, fresh, organisation, kOwner, true), "NotAuthorised");
  for (const name of ["other owner", "person", "second city", "operator"])
    assert.equal(await setActor(district, who(name).address, 21, kOwner, true), "NotAuthorised", `takes ${name} over`);
  assert.equal(await setActor(who("nobody's district"), fresh, 0, kOwner, true), "NotAuthorised");
  assert.equal(await setOrganisation(district, 91, 20, 2, true, kZero), "NotAuthorised");
});

// @row 16
test("the platform operator registers users and their organisations, and nothing else", async () => {
  const operator = who("operator");
  const fresh = who("new").address;
  for (const [organisation, roles] of [[0, 512], [0, 1024], [50, 2048], [51, 512 | 1024 | 2048]]) assert.equal(await setActor(operator, fresh, organisation, roles, true), "ok");
  for (const roles of [kCity, kOwner, kPlatform, 512 | kOwner]) assert.equal(await setActor(operator, fresh, 0, roles, true), "NotAuthorised");
  for (const organisation of [1, 20, 21, 40]) assert.equal(await setActor(operator, fresh, organisation, kUser, true), "NotAuthorised");
  for (const name of ["owner", "second city", "district"]) assert.equal(await setActor(operator, who(name).address, 0, kUser, true), "NotAuthorised", `takes ${name} over`);
  assert.equal(await setActor(operator, who("person").address, 0, kUser, false), "ok");
  assert.equal(await setOrganisation(operator, 92, 0, 4, true, kZero), "ok");
  assert.equal(await setOrganisation(operator, 92, 20, 4, true, kZero), "NotAuthorised");
  for (const kind of [0, 1, 2, 3, 5, 8, 9]) assert.equal(await setOrganisation(operator, 92, 0, kind, true, kZero), "NotAuthorised");
});

test("an address acts for one organisation for ever, since colleagues act for each other", async () => {
  for (const from of [platform.authority, who("district")])
    assert.equal(await setActor(from, who("owner").address, 22, kOwner, true), "ActorInvalid");
  assert.equal(await setActor(platform.authority, who("owner").address, 0, kUser, true), "ActorInvalid");
  assert.equal(await setActor(platform.authority, who("person").address, 21, kOwner, true), "ok", "a person joins an organisation");
});

test("nobody changes their own entry, so that a city authority always remains", async () => {
  assert.equal(await setActor(platform.authority, platform.authority.address, 1, 0, false), "OwnEntry");
  assert.equal(await setOrganisation(platform.authority, 1, 0, 1, false, kZero), "OwnEntry");
  assert.equal(await setActor(who("second city"), platform.authority.address, 1, 0, false), "ok");
});

test("what cannot be is refused: address 0, unknown organisations, parents and kinds, a changed kind", async () => {
  assert.equal(await setActor(platform.authority, kNobody, 1, 1, true), "ActorInvalid");
  assert.equal(await setActor(platform.authority, who("new").address, 999, 1, true), "OrganisationInvalid");
  for (const [number, parent, kind] of [[0, 0, 2], [90, 999, 2], [90, 90, 2], [90, 0, 0], [90, 0, 9], [21, 20, 1]])
    assert.equal(await setOrganisation(platform.authority, number, parent, kind, true, kZero), "OrganisationInvalid", `${number} ${parent} ${kind}`);
});

test("what a district may grant is the city's to say, short of authorities, operators and users", async () => {
  assert.equal(await platform.outcome("directory", who("district"), "setDistrictRoles", [kOwner]), "NotAuthorised");
  for (const roles of [kCity, kDistrict, kPlatform, 512, 2048]) assert.equal(await platform.outcome("directory", platform.authority, "setDistrictRoles", [roles]), "NotAuthorised");
  await platform.send(platform.authority, "directory", "setDistrictRoles", kOwner | kCommittee | (1 << 22));
  assert.equal(await setActor(who("district"), who("new").address, 21, 1 << 22, true), "ok");
});

test("directory events and views say what was set", async () => {
  const receipt = await platform.send(platform.authority, "directory", "setOrganisation", 95, 20, 2, true, id("95"));
  const event = platform.directory.face.parseLog(receipt.logs[0]);
  assert.deepEqual([...event.args], [95n, 20n, 2n, true, id("95"), platform.authority.address]);
  assert.deepEqual([...(await platform.view("directory", "organisation", 95))], [20n, 2n, true]);
  assert.equal(await platform.view("directory", "parentOf", 95), 20n);
  assert.deepEqual([...(await platform.view("directory", "standing", who("owner").address))], [21n, 4n]);
  for (const name of ["unknown", "dismissed", "of inactive"]) assert.deepEqual([...(await platform.view("directory", "standing", who(name).address))], [0n, 0n], name);
  assert.deepEqual([...(await platform.view("directory", "actor", who("of inactive").address))], [60n, 1n, true]);
});

const small = (number, effective, change = () => {}) => {
  const pack = packOne();
  Object.assign(pack, { number, effective_from: effective });
  pack.workflows = pack.workflows.filter(({ name }) => ["plan"].includes(name));
  change(pack);
  return pack;
};

test("only a city authority publishes rules and calendars, and a row has one form", async () => {
  const { keys, rows } = encodePack(small(9, "2030-01-01"));
  const publish = (from, ...parameters) => platform.outcome("ruleBook", from, "publish", parameters);
  assert.equal(await publish(platform.authority, 9, keys, rows), "ok");
  for (const name of ["district", "owner", "operator", "unknown", "dismissed"]) {
    assert.equal(await publish(who(name), 9, keys, rows), "NotAuthorised");
    assert.equal(await platform.outcome("ruleBook", who(name), "setWorkingDays", [2023, [1, 0]]), "NotAuthorised");
    assert.equal(await platform.outcome("ruleBook", who(name), "seal", [9, 1, 0, 1, kZero]), "NotAuthorised");
  }
  assert.equal(await publish(platform.authority, 0, keys, rows), "PackEmpty");
  assert.equal(await publish(platform.authority, 9, keys.slice(1), rows), "RowInvalid");
  const good = rows[0];
  const flip = [
    [good & ~(1n << 160n), "no present bit"], [good | (1n << 208n), "a bit beyond the last field"], [good | (1n << 255n), "the highest bit"], [good & ~0xffn, "to state 0"],
    [(good & ~0xffn) | 32n, "to state 32"], [good & ~(0xffffffffn << 8n), "no role"], [good | (8n << 40n), "relation 8"], [good | (3n << 163n), "tie 3"],
    [good | (1n << 166n), "a reserved bit"], [(good & ~(0xfffffn << 140n)) | (5n << 140n), "an amount without unit"],
    [(good & ~(0xfffffn << 140n)) | (5n << 140n) | (5n << 156n), "unit 5"], [(good & ~(0xfffffn << 140n)) | (1n << 156n), "a unit without amount"],
  ];
  for (const [row, what] of flip) assert.equal(await publish(platform.authority, 9, [keys[0]], [row]), "RowInvalid", what);
  for (const key of [0x01000000, 0x00000101, 0x00010001, 0x00010120]) assert.equal(await publish(platform.authority, 9, [key], [good]), "RowInvalid", `key ${key}`);
  assert.equal(await platform.outcome("ruleBook", platform.authority, "setWorkingDays", [2023, [0, 1n << 109n]]), "YearInvalid");
  assert.equal(await platform.outcome("ruleBook", platform.authority, "setWorkingDays", [2024, [0, 1n << 109n]]), "ok");
  assert.equal(await platform.outcome("ruleBook", platform.authority, "setWorkingDays", [1969, [1, 0]]), "YearInvalid");
});

// @row 10
test("packs come into force in succession, a sealed one never changes, and an item keeps the one it began under", async () => {
  const now = Math.floor(Date.now() / 1000);
  const day = (offset) => new Date((now + offset * 86400) * 1000).toISOString().slice(0, 10);
  assert.equal(await platform.view("ruleBook", "inForce", now), 0n);
  const plan = small(1, "2023-10-01");
  const act = (item, fields) => fullAct({ item: id(item), workflow: 9, action: 1, document: id("d"), ...fields });
  assert.equal(await platform.outcome("workflows", platform.authority, "act", [act("early")]), "NoPackInForce");
  await platform.publish(plan, kCalendarYears.map(calendarOf));
  assert.equal(await platform.view("ruleBook", "inForce", now), 1n);
  const start = encodePack(plan).effectiveFrom;
  assert.equal(start, Date.parse("2023-10-01T00:00:00+08:00") / 1000);
  assert.deepEqual([await platform.view("ruleBook", "inForce", start - 1), await platform.view("ruleBook", "inForce", start)], [0n, 1n]);
  await platform.send(platform.authority, "workflows", "act", act("old case"));
  const under = async (item) => Number((await platform.item(id(item))).pack);
  assert.equal(await under("old case"), 1);

  const { keys, rows } = encodePack(plan);
  assert.equal(await platform.outcome("ruleBook", platform.authority, "publish", [1, keys, rows]), "PackSealed");
  assert.equal(await platform.outcome("ruleBook", platform.authority, "seal", [1, now, 0, keys.length, kZero]), "PackSealed");
  assert.equal(await platform.outcome("ruleBook", platform.authority, "seal", [2, now, 0, 0, kZero]), "PackEmpty");

  // Pack 2 forbids what pack 1 allowed, and begins yesterday; pack 3 begins tomorrow.
  const narrow = small(2, day(-1), (pack) => {
    const [flow] = pack.workflows;
    flow.transitions = flow.transitions.filter(({ action }) => action !== "set_priorities");
  });
  const encoded = encodePack(narrow);
  await platform.send(platform.authority, "ruleBook", "publish", 2, encoded.keys, encoded.rows);
  const seal = (...parameters) => platform.outcome("ruleBook", platform.authority, "seal", [2, ...parameters]);
  assert.equal(await seal(encoded.effectiveFrom, 28800, encoded.keys.length - 1, kZero), "RowCountWrong");
  assert.equal(await seal(start, 28800, encoded.keys.length, kZero), "EffectiveFromNotLater");
  assert.equal(await seal(encoded.effectiveFrom, 14 * 3600 + 1, encoded.keys.length, kZero), "ZoneInvalid");
  assert.equal(await under("old case"), 1);
  await platform.send(platform.authority, "ruleBook", "seal", 2, encoded.effectiveFrom, 28800, encoded.keys.length, encoded.document);
  await platform.publish(small(3, day(2)));
  await platform.send(platform.authority, "workflows", "act", act("new case"));
  assert.equal(await under("new case"), 2);
  const next = (item) => platform.outcome("workflows", platform.authority, "act", [act(item, { sequence: 1, action: 2 })]);
  assert.equal(await next("old case"), "ok");
  assert.equal(await next("new case"), "NoSuchTransition");
  assert.equal(await platform.view("ruleBook", "inForce", now + 3 * 86400), 3n);
  const seen = await platform.view("ruleBook", "packOf", 2);
  assert.deepEqual([...seen], [BigInt(encoded.effectiveFrom), 28800n, BigInt(encoded.keys.length), true, encoded.document]);
});

test("a row can be taken back before the pack is sealed", async () => {
  const { keys, rows } = encodePack(small(7, "2040-01-01"));
  await platform.send(platform.authority, "ruleBook", "publish", 7, keys, rows);
  await platform.send(platform.authority, "ruleBook", "publish", 7, [keys[0], keys[1]], [0, rows[1]]);
  assert.equal((await platform.view("ruleBook", "packOf", 7))[2], BigInt(keys.length - 1));
  assert.equal(await platform.view("ruleBook", "row", 7, keys[0]), 0n);
  assert.equal(await platform.view("ruleBook", "row", 7, keys[1]), rows[1]);
  assert.equal(rowsOf(small(7, "2040-01-01")).length, keys.length);
});

/** The last day of a clock by counting days as people do. */
function lastDay(from, amount, unit, calendars) {
  const isoOf = (day) => new Date(day * 86_400_000).toISOString().slice(0, 10);
  let day = dayOf(from);
  if (unit === 1) return isoOf(day + amount);
  if (unit === 2) {
    for (let left = amount; left > 0;) {
      day += 1;
      const iso = isoOf(day);
      const calendar = calendars.get(Number(iso.slice(0, 4)));
      const weekday = ![0, 6].includes(new Date(day * 86_400_000).getUTCDay());
      if (calendar ? calendar.make_up_days.includes(iso) || (weekday && !calendar.holidays.includes(iso)) : weekday) left -= 1;
    }
    return isoOf(day);
  }
  const [year, month, date] = from.split("-").map(Number);
  const months = year * 12 + month - 1 + amount * (unit === 4 ? 12 : 1);
  const [y, m] = [Math.floor(months / 12), months % 12];
  const last = new Date(Date.UTC(y, m + 1, 0)).getUTCDate();
  return new Date(Date.UTC(y, m, Math.min(date, last))).toISOString().slice(0, 10);
}

const shanghai = (text) => Date.parse(`${text}+08:00`) / 1000;

// @row 22 40
test("ten working days pass National Day and its make-up days as the notice of 2023 has them", async () => {
  const days = async (from, amount = 10) => {
    const end = await platform.view("ruleBook", "deadline", 1, shanghai(from), amount, 2);
    return new Date((Number(end) + 8 * 3600 - 1) * 1000).toISOString().slice(0, 19);
  };
  // Holidays 29 September to 6 October; 7 and 8 October, a weekend, are worked.
  assert.equal(await days("2023-09-28T09:00:00", 1), "2023-10-07T23:59:59");
  assert.equal(await days("2023-09-28T09:00:00", 2), "2023-10-08T23:59:59");
  assert.equal(await days("2023-09-28T09:00:00"), "2023-10-18T23:59:59");
  assert.equal(await days("2023-09-29T00:00:00"), "2023-10-18T23:59:59");
  assert.equal(await days("2023-10-07T12:00:00"), "2023-10-19T23:59:59");
  // A day begins at midnight in Shenzhen, not in Greenwich.
  assert.equal(await days("2023-09-27T23:59:59"), "2023-10-17T23:59:59");
  assert.equal(await days("2023-09-28T00:00:00"), "2023-10-18T23:59:59");
  // Years end: 30 and 31 December 2023 are a weekend, 1 January 2024 a holiday.
  assert.equal(await days("2023-12-29T10:00:00", 1), "2024-01-02T23:59:59");
  assert.equal(await days("2024-12-31T10:00:00", 1), "2025-01-02T23:59:59");
  assert.equal(await days("2026-09-30T10:00:00", 1), "2026-10-08T23:59:59");
});

test("clocks of every unit end where counting by hand ends, on every day of five years", async () => {
  const calendars = new Map(kCalendarYears.map((year) => [year, calendarOf(year)]));
  const cases = [];
  for (let day = dayOf("2023-01-01"); day < dayOf("2028-01-01"); ++day) {
    const iso = new Date(day * 86_400_000).toISOString().slice(0, 10);
    for (const [amount, unit] of [[10, 2], [1, 2], [1 + (day % 60), 2], [1 + (day % 400), 1], [1 + (day % 14), 3], [1 + (day % 4), 4]])
      cases.push({ time: shanghai(`${iso}T00:00:00`) + ((day * 7919) % 86400), amount, unit, want: lastDay(iso, amount, unit, calendars) });
  }
  const answers = await rpcMany("eth_call", cases.map(({ time, amount, unit }) => [
    { to: platform.ruleBook.address, data: platform.data("ruleBook", "deadline", [1, time, amount, unit]) }, "latest"]));
  const wrong = cases.filter(({ want }, index) => BigInt(answers[index].result) !== BigInt(shanghai(`${want}T00:00:00`) + 86400));
  assert.deepEqual(wrong.slice(0, 3), []);
  assert.equal(cases.length, 1826 * 6);
});

test("a year without a calendar counts Monday to Friday, and a calendar can be taken back", async () => {
  const end = () => platform.view("ruleBook", "deadline", 1, shanghai("2026-09-30T10:00:00"), 1, 2);
  assert.equal(await end(), BigInt(shanghai("2026-10-09T00:00:00")));
  await platform.send(platform.authority, "ruleBook", "setWorkingDays", 2026, [0, 0]);
  assert.equal(await end(), BigInt(shanghai("2026-10-02T00:00:00")));
  await platform.send(platform.authority, "ruleBook", "setWorkingDays", 2026, encodeDays(calendarOf(2026)));
  assert.deepEqual([...(await platform.view("ruleBook", "workingDaysOf", 2026))], encodeDays(calendarOf(2026)));
  assert.equal(await end(), BigInt(shanghai("2026-10-09T00:00:00")));
  const [answer] = await rpcMany("eth_call", [[{ to: platform.ruleBook.address, data: platform.data("ruleBook", "deadline", [1, 1e9, 1, 5]) }, "latest"]]);
  assert.equal(errorName(answer.error.data), "UnitInvalid");
});

test("calls that are no function, and value sent along, are refused", async () => {
  const { address } = platform.workflows;
  const answers = await rpcMany("eth_call", [
    [{ to: address, data: "0xdeadbeef" }, "latest"], [{ to: address, data: "0x" }, "latest"],
    [{ to: address, from: platform.authority.address, value: "0x1", data: actData(fullAct({})) }, "latest"],
    [{ to: address, from: platform.authority.address, data: actData(fullAct({})).slice(0, -64) }, "latest"],
  ]);
  for (const answer of answers) assert.ok(answer.error, JSON.stringify(answer));
});
