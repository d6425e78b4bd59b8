// SPDX-License-Identifier: Apache-2.0
// What this browser remembers; a browser that forbids it remembers nothing.
export function stored(key) {
  try {
    return localStorage.getItem(`wusong.${key}`) ?? undefined;
  } catch {
    return undefined;
  }
}
export function store(key, value) {
  try {
    if (value === undefined) localStorage.removeItem(`wusong.${key}`);
    else localStorage.setItem(`wusong.${key}`, value);
  } catch {
    // private mode: the choice lasts until the page is closed
  }
}
