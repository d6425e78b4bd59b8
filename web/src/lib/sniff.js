// SPDX-License-Identifier: Apache-2.0
// What a file says about itself: its format, and of a CSV file the columns and the number of rows.

const formats = {
  csv: ['CSV', 'text/csv'], json: ['JSON', 'application/json'], geojson: ['GeoJSON', 'application/geo+json'], parquet: ['Parquet', 'application/vnd.apache.parquet'],
  xlsx: ['XLSX', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'], pdf: ['PDF', 'application/pdf'], zip: ['ZIP', 'application/zip'],
};
/** `{format, media_type}` by the file's name; a browser's own guess differs between machines. */
export function formatOf(name, type = '') {
  const suffix = name.toLowerCase().split('.').pop();
  const [format, media] = formats[suffix] ?? [suffix.toUpperCase(), type || 'application/octet-stream'];
  return { format, media_type: media };
}

/** Records of comma-separated text, quotes observed: calls `record(cells)` for each. Feed pieces, then `end()`. */
export function csvReader(record) {
  let cells = [];
  let cell = '';
  let quoted = false;
  let wasQuote = false; // a quote inside quotes: the end, or the first of two
  const endCell = () => { cells.push(cell); cell = ''; wasQuote = false; };
  const endRecord = () => {
    if (cells.length === 0 && cell === '') return;
    endCell();
    record(cells);
    cells = [];
  };
  return {
    feed(text) {
      for (const c of text) {
        if (quoted && !wasQuote) {
          if (c === '"') wasQuote = true;
          else cell += c;
        } else if (wasQuote && c === '"') {
          cell += c;
          wasQuote = false;
        } else if (c === '"' && cell === '') quoted = true;
        else {
          quoted = wasQuote = false;
          if (c === ',') endCell();
          else if (c === '\n') endRecord();
          else if (c !== '\r') cell += c;
        }
      }
    },
    end: endRecord,
  };
}

const types = [
  ['integer', /^[+-]?\d{1,15}$/], ['number', /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/], ['date', /^\d{4}-\d\d-\d\d$/], ['datetime', /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/], ['boolean', /^(true|false)$/i],
];
/** `{columns: [{name, type}], rows}` of a CSV file, read in pieces. A column is what all its cells are. */
export async function csvColumns(file) {
  let names;
  let rows = 0;
  let fits = [];
  const seen = [];
  const reader = csvReader((cells) => {
    if (!names) {
      names = cells.map((one) => one.trim());
      fits = names.map(() => types.map(() => true));
      return;
    }
    ++rows;
    names.forEach((_, i) => {
      const value = cells[i];
      if (value === undefined || value === '') return;
      seen[i] = true;
      types.forEach(([, pattern], t) => { if (fits[i][t] && !pattern.test(value)) fits[i][t] = false; });
    });
  });
  const decoder = new TextDecoder();
  const kPiece = 4 << 20;
  for (let at = 0; at < file.size; at += kPiece) {
    const last = at + kPiece >= file.size;
    const text = decoder.decode(await file.slice(at, at + kPiece).arrayBuffer(), { stream: !last });
    reader.feed(at === 0 ? text.replace(/^\ufeff/, '') : text);
  }
  reader.end();
  return { rows, columns: (names ?? []).map((name, i) => ({ name, type: seen[i] ? types[fits[i].findIndex(Boolean)]?.[0] ?? 'string' : 'string' })) };
}
