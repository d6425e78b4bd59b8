// SPDX-License-Identifier: Apache-2.0
import { defineStore } from 'pinia';
import { get, post, setCsrf } from '@/lib/api.js';
import { forgetDraftsOf } from '@/lib/drafts.js';

export const useSession = defineStore('session', {
  state: () => ({ known: false, user: null, loading: null, elsewhere: null }),
  getters: {
    signedIn: (state) => state.user !== null,
    /** Works for an authority, an organisation or the platform: sees the officers' side. */
    isOfficer: (state) => (state.user?.roles ?? []).some((role) => !['user', 'person', 'user_person', 'user_legal', 'user_unincorporated'].includes(role)),
    hasRole: (state) => (role) => (state.user?.roles ?? []).includes(role),
  },
  actions: {
    take(answer) {
      setCsrf(answer.csrf);
      this.user = answer.signed_in ? answer.user : null;
      this.known = true;
    },
    refresh() {
      this.loading ??= get('me').then((answer) => this.take(answer), () => { this.known = true; }).finally(() => { this.loading = null; });
      return this.loading;
    },
    async login(name, password) {
      this.take(await post('login', { name, password }));
    },
    async register(form) {
      this.take(await post('register', form));
    },
    /** Binds the identity of another site that waits in this browser. */
    async bindWaiting() {
      return (await post('me/providers')).bindings;
    },
    /** `elsewhere`: the site through which they had signed in, where their session goes on. */
    async logout() {
      const name = this.user?.name;
      this.elsewhere = (await post('logout')).provider ?? null;
      // The next person at this machine does not read what was half written.
      if (name) forgetDraftsOf(name);
      await this.refresh();
    },
  },
});
