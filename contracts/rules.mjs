// SPDX-License-Identifier: Apache-2.0
// Rule packs and calendars as the contracts read them.
//   node contracts/rules.mjs check               every pack and calendar: schema, names, sense
//   node contracts/rules.mjs encode PACK.json    {"pack", "effectiveFrom", "utcOffset", "document", "rows": [[key, row], …]}
//   node contracts/rules.mjs days YEAR.json      the year's bits
//   node contracts/rules.mjs digests             what rules/digests.txt holds
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const root = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

export const kRelations = ["any", "own", "creator", "party", "parent", "subject_own", "subject_creator", "subject_party"];
export const kOrganisations = ["none", "actor", "subject", "named"];
export const kParties = ["none", "subject_creator", "subject_party", "actor"];
export const kNeeds = ["document", "basis", "overdue", "in_time"];
export const kUnits = ["day", "working_day", "month", "year"]; // from 1
export const kTies = ["any", "same_subject", "this_item"];
const kZones = { "Asia/Shanghai": 8 * 3600, UTC: 0 };
const kClockStop = 0xffffn;

export const readJson = (path) => JSON.parse(readFileSync(path, "utf8"));

/** Members sorted by code point, no white space. Only integers are allowed as numbers. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object")
    return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
  if (typeof value === "number" && !Number.isSafeInteger(value)) throw new Error(`${value} is not an integer`);
  return JSON.stringify(value);
}

export const digest = (value) => `0x${createHash("sha256").update(canonical(value)).digest("hex")}`;

const kDayMs = 86_400_000;
const isoDay = (day) => new Date(day * kDayMs).toISOString().slice(0, 10);
export const dayOf = (iso) => Date.parse(`${iso}T00:00:00Z`) / kDayMs;

function named(list, name, what, where) {
  const found = list.find((one) => one.name === name);
  if (!found) throw new Error(`${where}: there is no ${what} "${name}"`);
  return found;
}

function guardOf(pack, guard, where) {
  if (guard === null) return { workflow: 0n, states: 0n };
  const workflow = named(pack.workflows, guard.workflow, "workflow", where);
  let states = 0n;
  for (const name of guard.states) states |= 1n << BigInt(named(workflow.states, name, "state", where).number);
  return { workflow: BigInt(workflow.number), states };
}

function clockOf(pack, clock, where) {
  if (clock === null) return { amount: 0n, unit: 0n };
  if (clock === "stop") return { amount: kClockStop, unit: 0n };
  const number = named(pack.numbers, clock, "number", where);
  return { amount: BigInt(number.value), unit: BigInt(kUnits.indexOf(number.unit) + 1) };
}

/** One transition as a row; its `from` states share it. */
export function encodeTransition(pack, workflow, transition) {
  const where = `${workflow.name}.${transition.action} from ${transition.from}`;
  let row = 1n << 160n;
  const put = (value, at) => { row |= BigInt(value) << BigInt(at); };
  const vocabulary = (name) => named(pack.vocabularies, name, "vocabulary", where).values.length;
  put(named(workflow.states, transition.to, "state", where).number, 0);
  let roles = 0n;
  for (const name of transition.roles) roles |= 1n << BigInt(named(pack.roles, name, "role", where).number);
  put(roles, 8);
  put(kRelations.indexOf(transition.relation), 40);
  put(kOrganisations.indexOf(transition.organisation), 48);
  put(kParties.indexOf(transition.party), 50);
  put(transition.needs.reduce((sum, need) => sum | (1 << kNeeds.indexOf(need)), 0), 52);
  const subject = guardOf(pack, transition.subject, where);
  put(subject.workflow, 60);
  put(subject.states, 68);
  put(transition.choice === null ? 0 : vocabulary(transition.choice), 100);
  put(transition.marks === null ? 0n : (1n << BigInt(vocabulary(transition.marks))) - 1n, 108);
  const clock = clockOf(pack, transition.clock, where);
  put(clock.amount, 140);
  put(clock.unit, 156);
  put(transition.content ? 1 : 0, 161);
  put(transition.marks_any ? 1 : 0, 162);
  put(transition.refers_to === null ? 0 : kTies.indexOf(transition.refers_to.tie), 163);
  put(transition.single ? 1 : 0, 165);
  const refersTo = guardOf(pack, transition.refers_to, where);
  put(refersTo.workflow, 168);
  put(refersTo.states, 176);
  return row;
}

/** Every row of a pack by key, with the transition it came from. */
export function rowsOf(pack) {
  const rows = [];
  for (const workflow of pack.workflows) {
    for (const transition of workflow.transitions) {
      const action = named(workflow.actions, transition.action, "action", workflow.name);
      const row = encodeTransition(pack, workflow, transition);
      for (const name of transition.from) {
        const from = name === "none" ? 0 : named(workflow.states, name, "state", workflow.name).number;
        const key = workflow.number * 65536 + action.number * 256 + from;
        rows.push({ key, row, workflow, action, from, transition });
      }
    }
  }
  return rows.sort((a, b) => a.key - b.key);
}

/** What publish and seal are called with. */
export function encodePack(pack) {
  const rows = rowsOf(pack);
  const utcOffset = kZones[pack.zone];
  return {
    pack: pack.number,
    effectiveFrom: dayOf(pack.effective_from) * 86_400 - utcOffset,
    utcOffset,
    document: digest(pack),
    keys: rows.map(({ key }) => key),
    rows: rows.map(({ row }) => row),
  };
}

/** SHA-256 of a pack's keys and rows: four and thirty-two bytes each, highest first, by key. */
export function rowsDigest(pack) {
  const hash = createHash("sha256");
  for (const { key, row } of rowsOf(pack)) hash.update(Buffer.from(key.toString(16).padStart(8, "0") + row.toString(16).padStart(64, "0"), "hex"));
  return `0x${hash.digest("hex")}`;
}

const packFiles = () => readdirSync(join(root, "rules")).filter((file) => file.endsWith(".json") && file !== "schema.json").sort();

/** "file document rows", a line for each pack: both encoders are held against it. */
export const digestLines = () =>
  packFiles().map((file) => {
    const pack = readJson(join(root, "rules", file));
    return `${file} ${digest(pack)} ${rowsDigest(pack)}\n`;
  }).join("");

/** The two numbers of setWorkingDays. */
export function encodeDays(calendar) {
  const first = dayOf(`${calendar.year}-01-01`);
  const after = dayOf(`${calendar.year + 1}-01-01`);
  const off = new Set(calendar.holidays);
  const on = new Set(calendar.make_up_days);
  const bits = [0n, 0n];
  for (let day = first; day < after; ++day) {
    const isWeekday = (day + 3) % 7 < 5; // 1970-01-01 was a Thursday
    const works = on.has(isoDay(day)) || (isWeekday && !off.has(isoDay(day)));
    if (works) bits[(day - first) >> 8] |= 1n << BigInt((day - first) & 255);
  }
  return bits;
}

function* duplicates(list, member, where) {
  const seen = new Set();
  for (const one of list) {
    if (seen.has(one[member])) yield `${where}: ${member} ${one[member]} stands twice`;
    seen.add(one[member]);
  }
}

/** Faults of one transition beside those that encoding finds. */
function* transitionFaults(pack, workflow, transition) {
  const where = `${workflow.name}.${transition.action}`;
  const isNew = transition.from.includes("none");
  if (isNew && transition.from.length > 1) yield `${where}: "none" stands alone`;
  if (isNew && !transition.content) yield `${where}: a new item's document is its content`;
  if (isNew && ["creator", "party"].includes(transition.relation)) yield `${where}: a new item has no ${transition.relation}`;
  if (isNew && ["own", "parent"].includes(transition.relation) && transition.organisation !== "named")
    yield `${where}: ${transition.relation} of a new item needs a named organisation`;
  if (!isNew && (transition.organisation !== "none" || transition.single)) yield `${where}: organisation and single are for new items`;
  if (transition.marks_any && transition.marks === null) yield `${where}: marks_any without marks`;
  if (transition.single && transition.subject === null) yield `${where}: single needs a subject`;
  for (const part of transition.article.split(";"))
    if (!pack.sources.some(({ code }) => part.trim().startsWith(`${code} `))) yield `${where}: article "${part}" names no source`;
  for (const name of transition.from)
    if (workflow.states.some((state) => state.name === name && state.final)) yield `${where}: leads out of the final state ${name}`;
}

function* reachFaults(workflow) {
  const reached = new Set(["none"]);
  for (let size = 0; size !== reached.size;) {
    size = reached.size;
    for (const { from, to } of workflow.transitions) if (from.some((name) => reached.has(name))) reached.add(to);
  }
  for (const { name } of workflow.states) if (!reached.has(name)) yield `${workflow.name}: nothing leads to ${name}`;
  const left = new Set(workflow.transitions.flatMap(({ from }) => from));
  for (const { name, final } of workflow.states)
    if (!final && !left.has(name)) yield `${workflow.name}: nothing leads out of ${name}, which is not final`;
  for (const { name } of workflow.actions)
    if (!workflow.transitions.some(({ action }) => action === name)) yield `${workflow.name}: action ${name} is never taken`;
}

/** Everything that is wrong with a pack beyond its schema. */
export function packFaults(pack) {
  const faults = [];
  for (const part of ["roles", "numbers", "vocabularies", "workflows", "sources"])
    faults.push(...duplicates(pack[part], part === "sources" ? "code" : "name", part));
  for (const part of ["roles", "workflows"]) faults.push(...duplicates(pack[part], "number", part));
  for (const { name, values } of pack.vocabularies) {
    faults.push(...duplicates(values, "name", name));
    values.forEach(({ number }, index) => { if (number !== index + 1) faults.push(`${name}: numbers are not 1, 2, 3, …`); });
  }
  for (const workflow of pack.workflows) {
    for (const part of ["states", "actions"])
      for (const member of ["number", "name"]) faults.push(...duplicates(workflow[part], member, `${workflow.name}.${part}`));
    for (const transition of workflow.transitions) faults.push(...transitionFaults(pack, workflow, transition));
    faults.push(...reachFaults(workflow));
  }
  try {
    const keys = rowsOf(pack).map(({ key }) => key);
    keys.forEach((key, index) => { if (key === keys[index - 1]) faults.push(`two rows with key ${key}`); });
  } catch (error) {
    faults.push(error.message);
  }
  return faults;
}

/** Everything that is wrong with a calendar beyond its schema. */
export function calendarFaults(calendar) {
  const faults = [];
  const all = [...calendar.holidays, ...calendar.make_up_days];
  for (const date of all) {
    if (Number.isNaN(dayOf(date)) || isoDay(dayOf(date)) !== date) faults.push(`${date} is no day`);
    if (!date.startsWith(`${calendar.year}-`)) faults.push(`${date} is not in ${calendar.year}`);
  }
  if (new Set(all).size !== all.length) faults.push("a day stands twice");
  for (const date of calendar.make_up_days) if ((dayOf(date) + 3) % 7 < 5) faults.push(`${date} is not at a weekend`);
  return faults;
}

/** Validators by the definitions of rules/schema.json: `rule_pack` and `calendar`. */
export function validator(name) {
  const Ajv = require("ajv/dist/2020").default;
  const schema = readJson(join(root, "rules", "schema.json"));
  const ajv = new Ajv({ allErrors: true });
  ajv.addSchema(schema);
  return ajv.compile({ $ref: `${schema.$id}#/$defs/${name}` });
}

/** Faults of every file under contracts/rules, as "file: fault". */
export function checkAll() {
  const faults = [];
  const check = (folder, name, definition, more) => {
    const value = readJson(join(folder, name));
    const validate = validator(definition);
    if (!validate(value)) faults.push(...validate.errors.map((error) => `${name}${error.instancePath}: ${error.message}`));
    else faults.push(...more(value).map((fault) => `${name}: ${fault}`));
  };
  const rules = join(root, "rules");
  for (const name of packFiles()) check(rules, name, "rule_pack", packFaults);
  if (faults.length === 0 && readFileSync(join(rules, "digests.txt"), "utf8") !== digestLines())
    faults.push("rules/digests.txt is of other packs: node contracts/rules.mjs digests >contracts/rules/digests.txt");
  const calendars = join(rules, "calendar");
  for (const name of readdirSync(calendars)) {
    check(calendars, name, "calendar", calendarFaults);
    if (`${readJson(join(calendars, name)).year}.json` !== name) faults.push(`${name}: is of another year`);
  }
  return faults;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [command, file] = process.argv.slice(2);
  const hex = (number) => `0x${number.toString(16).padStart(64, "0")}`;
  if (command === "check") {
    const faults = checkAll();
    for (const fault of faults) console.error(fault);
    process.exit(faults.length === 0 ? 0 : 1);
  } else if (command === "digests") {
    process.stdout.write(digestLines());
  } else if (command === "encode" && file) {
    const { keys, rows, ...rest } = encodePack(readJson(file));
    console.log(JSON.stringify({ ...rest, rows: keys.map((key, index) => [key, hex(rows[index])]) }, null, 1));
  } else if (command === "days" && file) {
    console.log(JSON.stringify(encodeDays(readJson(file)).map(hex)));
  } else {
    console.error("usage: node contracts/rules.mjs check | encode PACK.json | days YEAR.json | digests");
    process.exit(2);
  }
}
