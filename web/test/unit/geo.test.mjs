// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import test from 'node:test';
import { featuresOfRows, placeColumns, projectionOf, readGeoJson, roundStep, scaleBar } from '../../src/lib/geo.js';

test('columns with coordinates are found by name, and rows without valid ones are left out', () => {
  const columns = [{ name: 'name' }, { name: 'lon' }, { name: 'lat' }];
  const at = placeColumns(columns);
  assert.deepEqual(at, { lon: 1, lat: 2 });
  assert.equal(placeColumns([{ name: 'plan' }, { name: 'flat' }]), null);
  const rows = [['a', 121.5, 31.2], ['b', null, 31], ['c', '121.6', '31.3'], ['d', 500, 1], ['e', 'x', 1]];
  assert.deepEqual(featuresOfRows(rows, at).map((one) => one.row), [0, 2]);
});

test('every kind of GeoJSON geometry becomes points, lines or areas with their properties', () => {
  const feature = (geometry, properties = {}) => ({ type: 'Feature', geometry, properties });
  const { features, columns, rows, total } = readGeoJson({ type: 'FeatureCollection', features: [
    feature({ type: 'Point', coordinates: [121, 31] }, { name: 'p' }), feature({ type: 'MultiPoint', coordinates: [[121, 31], [122, 31]] }),
    feature({ type: 'LineString', coordinates: [[121, 31], [122, 32]] }, { length: 3 }), feature({ type: 'MultiPolygon', coordinates: [[[[0, 0], [1, 0], [1, 1], [0, 0]]]] }, { deep: { a: 1 } }),
    feature({ type: 'GeometryCollection', geometries: [{ type: 'Point', coordinates: [1, 1] }, { type: 'LineString', coordinates: [[0, 0], [1, 1]] }] }), feature(null), feature({ type: 'Point', coordinates: [999, 1] }), feature({ type: 'Curve', coordinates: [] }),
  ] });
  assert.deepEqual(features.map((one) => one.kind), ['point', 'point', 'line', 'area', 'point', 'line']);
  assert.deepEqual(columns.map((one) => one.name), ['name', 'length', 'deep']);
  assert.equal(rows[3][2], '{"a":1}');
  assert.equal(total, 8);
  assert.throws(() => readGeoJson({ a: 1 }), /not GeoJSON/);
  assert.throws(() => readGeoJson(null), /not GeoJSON/);
});

test('a picture keeps the shape of small areas, and its scale is a round number of kilometres', () => {
  const { to, from, box } = projectionOf([{ kind: 'point', parts: [[[121, 30]], [[122, 31]]], row: 0 }]);
  const [x, y] = to([121.5, 30.5]);
  const [lon, lat] = from([x, y]);
  assert.ok(Math.abs(lon - 121.5) < 1e-9 && Math.abs(lat - 30.5) < 1e-9);
  assert.ok(box.width < box.height, 'a degree of longitude is shorter at 30° north');
  assert.ok(projectionOf([{ kind: 'point', parts: [[[121, 30]]], row: 0 }]).box.width > 0, 'a single place has room around it');
  assert.equal(roundStep(1, 4), 0.5);
  assert.equal(roundStep(0.43), 0.1);
  const { km, units } = scaleBar(0.25);
  assert.equal(km, 20);
  assert.ok(units <= 0.25);
});
