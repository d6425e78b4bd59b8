// SPDX-License-Identifier: Apache-2.0
// Whether a dataset is as fresh as its owner says: the time between updates that its frequency promises, with a day's grace.
const kDays = { realtime: 1, real_time: 1, hourly: 1, daily: 2, weekly: 8, monthly: 32, quarterly: 93, half_yearly: 185, yearly: 367 };

/** `{late: days}`, or null where the frequency promises nothing. */
export function freshness(dataset, now = Date.now() / 1000) {
  const days = kDays[dataset.frequency];
  if (!days || !dataset.updated_at) return null;
  return { late: Math.max(0, Math.floor((now - dataset.updated_at) / 86400 - days)) };
}
