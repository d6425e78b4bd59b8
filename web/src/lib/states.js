// SPDX-License-Identifier: Apache-2.0
// How a state looks, by its name: [tone, shape]. Packs name states; a name that is not listed is under way.
const openings = { closed: ['bad', '○'], conditional: ['wait', '◐'], unconditional: ['good', '●'] };
const tones = [
  [/^(refused|rejected|terminated|referred|declined|dismissed|gate_failed|retired|findings|lapsed)/, 'bad', '✕'],
  [/^(suspended|returned|escalated|raised|supplement_|org_returned|exemption_claimed|upheld)/, 'wait', '▲'],
  [/^(published|approved|in_force|open$|signed|accepted|answered|settled|passed|gate_passed|audited|confirmed|decided|granted|listed|met|corrected|rectified|exempted|rated|org_accepted|checked|handled|no_findings|supplementary)/, 'good', '●'],
  [/^(draft$|none|compiled|closed|ended|withdrawn|discarded|hidden)/, '', '■'],
];

export function toneOf(workflow, state) {
  if (workflow === 'opening' && openings[state]) return openings[state];
  const found = tones.find(([pattern]) => pattern.test(state));
  return found ? [found[1], found[2]] : ['info', '◐'];
}
