// SPDX-License-Identifier: Apache-2.0
// What this server offers, by its own description: pages show nothing that would only be refused.
import { defineStore } from 'pinia';
import { request } from '@/lib/api.js';

export const useServer = defineStore('server', {
  state: () => ({ paths: null }),
  getters: {
    offers: (state) => (path, method = 'get') => !!state.paths?.[`/api/v1/${path}`]?.[method],
  },
  actions: {
    async load() {
      this.paths ??= (await request('GET', '/openapi.json')).paths ?? {};
    },
  },
});
