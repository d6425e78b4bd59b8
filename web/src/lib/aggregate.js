// SPDX-License-Identifier: Apache-2.0
// Rows gathered by one column for a chart.
const asNumber = (value) => (value === null || value === undefined || value === '' ? NaN : Number(value));
const sum = (list) => list.reduce((total, one) => total + one, 0);
const ways = { sum, mean: (list) => sum(list) / list.length, min: (list) => Math.min(...list), max: (list) => Math.max(...list) };

/**
 * `{labels, series: [values], dropped}`. `how`: 'rows' (each row as it is), 'count', or a way over the `measures`
 * (indices of columns). `order`: 'given', 'label', 'up' or 'down' by the first measure. More than `most` groups are
 * dropped and counted. A group without a number in a measure has null there.
 */
export function gather(rows, { category, measures, how, order = 'given', most = 60 }) {
  const label = (row) => String(row[category] ?? '');
  let groups;
  if (how === 'rows') {
    groups = rows.map((row) => ({ label: label(row), values: measures.map((i) => asNumber(row[i])) }));
  } else {
    const by = new Map();
    for (const row of rows) (by.get(label(row)) ?? by.set(label(row), []).get(label(row))).push(row);
    groups = [...by].map(([name, of]) => ({
      label: name,
      values: how === 'count' ? [of.length] : measures.map((i) => {
        const numbers = of.map((row) => asNumber(row[i])).filter(Number.isFinite);
        return numbers.length ? ways[how](numbers) : NaN;
      }),
    }));
  }
  const first = (group) => (Number.isFinite(group.values[0]) ? group.values[0] : -Infinity);
  if (order === 'label') groups.sort((a, b) => a.label.localeCompare(b.label, undefined, { numeric: true }));
  if (order === 'down') groups.sort((a, b) => first(b) - first(a));
  if (order === 'up') groups.sort((a, b) => first(a) - first(b));
  const shown = groups.slice(0, most);
  const clean = (value) => (Number.isFinite(value) ? Number(value.toPrecision(12)) : null);
  return { labels: shown.map((one) => one.label), series: (shown[0]?.values ?? []).map((_, i) => shown.map((one) => clean(one.values[i]))), dropped: groups.length - shown.length };
}
