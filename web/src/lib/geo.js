// SPDX-License-Identifier: Apache-2.0
// Places in data: columns with coordinates, GeoJSON, and how they lie on a flat picture. No map tiles: nothing is asked
// of other hosts.

const lonName = /^(lon|lng|long|longitude|经度)$|(_|^)(lon|lng|longitude)$/i;
const latName = /^(lat|latitude|纬度)$|(_|^)(lat|latitude)$/i;
const between = (value, least, most) => typeof value === 'number' && Number.isFinite(value) && value >= least && value <= most;
const asNumber = (value) => (value === null || value === '' ? NaN : Number(value));

/** `{lon, lat}`: indices of the columns that hold coordinates, or null. */
export function placeColumns(columns) {
  const lon = columns.findIndex((one) => lonName.test(one.name));
  const lat = columns.findIndex((one) => latName.test(one.name));
  return lon >= 0 && lat >= 0 ? { lon, lat } : null;
}

/** Rows with valid coordinates as features: `{kind: 'point', parts: [[[lon, lat]]], row}`. */
export function featuresOfRows(rows, { lon, lat }) {
  return rows.flatMap((row, i) => {
    const at = [asNumber(row[lon]), asNumber(row[lat])];
    return between(at[0], -180, 180) && between(at[1], -90, 90) ? [{ kind: 'point', parts: [[at]], row: i }] : [];
  });
}

const kinds = {
  Point: (c) => ['point', [[c]]], MultiPoint: (c) => ['point', c.map((one) => [one])],
  LineString: (c) => ['line', [c]], MultiLineString: (c) => ['line', c],
  Polygon: (c) => ['area', c], MultiPolygon: (c) => ['area', c.flat()],
};
const kDepthMax = 8;
function geometries(geometry, depth = 0) {
  if (!geometry || depth > kDepthMax) return [];
  if (geometry.type === 'GeometryCollection') return (geometry.geometries ?? []).flatMap((one) => geometries(one, depth + 1));
  const found = kinds[geometry.type];
  if (!found || !Array.isArray(geometry.coordinates)) return [];
  const [kind, parts] = found(geometry.coordinates);
  const valid = parts.map((part) => part.map(([x, y]) => [Number(x), Number(y)]).filter(([x, y]) => between(x, -180, 180) && between(y, -90, 90))).filter((part) => part.length);
  return valid.length ? [{ kind, parts: valid }] : [];
}

/** `{features, columns, rows}` of GeoJSON text's value; properties become rows. At most `max` features. */
export function readGeoJson(value, max = 2000) {
  const list = value?.type === 'FeatureCollection' ? value.features : value?.type === 'Feature' ? [value] : value?.type ? [{ geometry: value, properties: {} }] : null;
  if (!Array.isArray(list)) throw new Error('not GeoJSON');
  const names = [];
  const features = [];
  const rows = [];
  for (const one of list.slice(0, max)) {
    const properties = one?.properties ?? {};
    for (const name of Object.keys(properties)) if (!names.includes(name)) names.push(name);
    const found = geometries(one?.geometry);
    if (found.length === 0) continue;
    features.push(...found.map((shape) => ({ ...shape, row: rows.length })));
    rows.push(properties);
  }
  const flat = (cell) => (cell !== null && typeof cell === 'object' ? JSON.stringify(cell) : (cell ?? null));
  return { features, columns: names.map((name) => ({ name, type: 'string' })), rows: rows.map((row) => names.map((name) => flat(row[name]))), total: list.length };
}

/** A flat picture of small parts of the earth: degrees of longitude shrink with the latitude of the middle. */
export function projectionOf(features) {
  let [west, south, east, north] = [180, 90, -180, -90];
  for (const { parts } of features) {
    for (const part of parts) {
      for (const [lon, lat] of part) {
        west = Math.min(west, lon);
        east = Math.max(east, lon);
        south = Math.min(south, lat);
        north = Math.max(north, lat);
      }
    }
  }
  const narrow = Math.max(0.05, Math.cos((((south + north) / 2) * Math.PI) / 180));
  const to = ([lon, lat]) => [lon * narrow, -lat];
  const from = ([x, y]) => [x / narrow, -y];
  const [left, top] = to([west, north]);
  const [right, bottom] = to([east, south]);
  const margin = Math.max(right - left, bottom - top, 0.002) * 0.06;
  return { to, from, box: { x: left - margin, y: top - margin, width: right - left + 2 * margin, height: bottom - top + 2 * margin } };
}

/** A round step so that about `count` of them fit. */
export function roundStep(span, count = 6) {
  const raw = span / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * ([1, 2, 5, 10].find((one) => one * power >= raw) ?? 10);
}
const kKmOfDegree = 111.32;
/** `{km, units}`: a bar of a round number of kilometres, at most `span` units of the picture wide. */
export function scaleBar(span) {
  const most = span * kKmOfDegree;
  const power = 10 ** Math.floor(Math.log10(most));
  const km = power * ([5, 2, 1].find((one) => one * power <= most) ?? 1);
  return { km, units: km / kKmOfDegree };
}
