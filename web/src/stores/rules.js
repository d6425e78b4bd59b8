// SPDX-License-Identifier: Apache-2.0
// The rule packs: names, articles and forms come from here, never from code.
import { defineStore } from 'pinia';
import { get } from '@/lib/api.js';
import { language, text } from '@/i18n/index.js';

const named = (list, name) => (name === undefined || name === null ? undefined : list?.find((entry) => entry.name === name || entry.number === name));

export const useRules = defineStore('rules', {
  state: () => ({ list: null, packs: {}, documents: null }),
  getters: {
    current: (state) => state.packs[state.list?.current],
  },
  actions: {
    async loadList() {
      this.list ??= await get('rules');
      return this.list;
    },
    /** The pack with that number; the one in force without. */
    async load(number) {
      const asked = number ?? (await this.loadList()).current;
      this.packs[asked] ??= await get(`rules/${asked}`);
      return this.packs[asked];
    },
    async loadDocuments() {
      this.documents ??= (await get('documents')).kinds;
      return this.documents;
    },
    pack(number) {
      return this.packs[number] ?? this.current;
    },
    workflow(name, pack) {
      return named(this.pack(pack)?.workflows, name);
    },
    title(entry, fallback) {
      return text(entry?.title) || String(fallback ?? '');
    },
    workflowTitle(name, pack) {
      return this.title(this.workflow(name, pack), name);
    },
    stateTitle(workflow, state, pack) {
      if (state === 'none' || state === 0) return language() === 'zh' ? '尚未开始' : 'not begun';
      return this.title(named(this.workflow(workflow, pack)?.states, state), state);
    },
    actionTitle(workflow, action, pack) {
      return this.title(named(this.workflow(workflow, pack)?.actions, action), action);
    },
    roleTitle(role, pack) {
      return this.title(named(this.pack(pack)?.roles, role), role);
    },
    vocabulary(name, pack) {
      return named(this.pack(pack)?.vocabularies, name);
    },
    valueTitle(vocabulary, value, pack) {
      return this.title(named(this.vocabulary(vocabulary, pack)?.values, value), value);
    },
    number(name, pack) {
      return named(this.pack(pack)?.numbers, name);
    },
    /** "SZ 42" as "SZ 第四十二条" would be written: the source's title and the article. */
    articleText(article, pack) {
      const [code, ...rest] = String(article ?? '').split(' ');
      const source = this.pack(pack)?.sources?.find((entry) => entry.code === code);
      const where = rest.join(' ');
      if (!source) return String(article ?? '');
      return language() === 'zh' ? `${text(source.title)} 第 ${where} 条` : `${text(source.title)}, art. ${where}`;
    },
  },
});
