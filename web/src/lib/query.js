// SPDX-License-Identifier: Apache-2.0
// A question about a table as the server's /rows and /aggregate take it.

export const kOperators = ['eq', 'ne', 'lt', 'lte', 'gt', 'gte', 'contains', 'starts', 'in', 'null', 'not_null'];
export const takesValue = (operator) => !['null', 'not_null'].includes(operator);
export const kAggregates = ['count', 'distinct', 'sum', 'avg', 'median', 'min', 'max'];

/** The server splits at colons and commas; a backslash takes the next character as it is. */
const escaped = (text) => String(text).replace(/[\\:,]/g, (one) => `\\${one}`);
const listed = (names) => names.filter(Boolean).map(escaped).join(',') || undefined;

/** `{column, operator, value}` as `where=`; values of `in` keep their commas. A plain server knows equality alone. */
function condition({ column, operator, value }, plain) {
  if (!column) return undefined;
  if (plain) return value ? `${column}:${value}` : undefined;
  if (!takesValue(operator)) return `${escaped(column)}:${operator}`;
  if (value === '' || value === undefined) return undefined;
  const said = operator === 'in' ? String(value).replace(/[\\:]/g, (one) => `\\${one}`) : escaped(value);
  return `${escaped(column)}:${operator}:${said}`;
}

/** `{path, query}` of a question: `{gathered, groups, aggregates: [{of, column}], columns, where, sort, limit, plain}`. */
export function questionOf(id, resource, asked) {
  const where = (asked.where ?? []).map((one) => condition(one, asked.plain)).filter(Boolean);
  const common = { resource, where, sort: asked.sort || undefined, limit: asked.limit };
  if (!asked.gathered) return { path: `datasets/${id}/rows`, query: { ...common, columns: listed(asked.columns ?? []) } };
  const aggregate = (asked.aggregates ?? []).map(({ of, column }) => (column ? `${of}:${escaped(column)}` : of === 'count' ? 'count' : undefined)).filter(Boolean).join(',');
  return { path: `datasets/${id}/aggregate`, query: { ...common, group_by: listed(asked.groups ?? []), aggregate: aggregate || undefined } };
}
/** A word for a shell, whatever stands in it. */
export const shellWord = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;
