// SPDX-License-Identifier: Apache-2.0
// What the server's page says about this portal; words of our own where it says nothing.
import { text, word } from '@/i18n/index.js';

function read() {
  try {
    return JSON.parse(document.getElementById('site')?.textContent ?? '{}');
  } catch {
    return {};
  }
}
export const site = read();
export const siteTitle = () => text(site.title) || word('site');
