// SPDX-License-Identifier: Apache-2.0
// CSV that a spreadsheet opens without running anything.

/** A cell. One that a spreadsheet would take for a formula is led by an apostrophe; numbers stay numbers. */
export function csvCell(value) {
  let cell = value === undefined || value === null ? '' : String(value);
  if (/^[=+\-@\t\r]/.test(cell) && !/^-?\d+(\.\d+)?$/.test(cell)) cell = `'${cell}`;
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** With a byte order mark, so that Excel reads Chinese. */
export function toCsv(header, rows) {
  return '\ufeff' + [header, ...rows].map((row) => row.map(csvCell).join(',')).join('\r\n') + '\r\n';
}

export function saveText(name, content, type = 'text/csv;charset=utf-8') {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
