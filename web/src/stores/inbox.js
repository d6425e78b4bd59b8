// SPDX-License-Identifier: Apache-2.0
// How much waits for the reader: asked once, after each act, and now and then while pages change.
import { defineStore } from 'pinia';
import { get } from '@/lib/api.js';
import { useSession } from './session.js';

const kFreshMs = 60_000;

export const useInbox = defineStore('inbox', {
  state: () => ({ total: 0, exact: true, counts: [], at: 0 }),
  getters: {
    overdue: (state) => state.counts.reduce((sum, one) => sum + one.overdue, 0),
    shown: (state) => (state.exact ? String(state.total) : `${state.total}+`),
  },
  actions: {
    take(answer) {
      this.counts = answer.counts ?? [];
      this.total = this.counts.reduce((sum, one) => sum + one.count, 0);
      this.exact = answer.total_is_exact !== false;
      this.at = Date.now();
    },
    async refresh({ force = false } = {}) {
      if (!useSession().signedIn) return this.$reset();
      if (!force && Date.now() - this.at < kFreshMs) return;
      this.at = Date.now();
      // The figure in the header is an extra: a page that works is not disturbed by its absence.
      await get('items', { inbox: 1, page_size: 1 }).then((answer) => this.take(answer), () => {});
    },
  },
});
