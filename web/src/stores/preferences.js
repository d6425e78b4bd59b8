// SPDX-License-Identifier: Apache-2.0
import { defineStore } from 'pinia';
import { setLanguage } from '@/i18n/index.js';
import { stored, store } from '@/lib/storage.js';

const languageOf = () => {
  const asked = new URLSearchParams(location.search).get('lang') ?? stored('language');
  if (asked === 'zh' || asked === 'en') return asked;
  return navigator.language?.toLowerCase().startsWith('zh') ? 'zh' : 'en';
};

export const usePreferences = defineStore('preferences', {
  state: () => ({ language: languageOf(), theme: stored('theme') ?? 'system' }),
  actions: {
    async setLanguage(code) {
      this.language = code;
      store('language', code);
      await setLanguage(code);
    },
    setTheme(theme) {
      this.theme = theme;
      store('theme', theme);
      this.applyTheme();
    },
    applyTheme() {
      const dark = this.theme === 'dark' || (this.theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
      document.documentElement.classList.toggle('dark', dark);
      document.documentElement.classList.toggle('light', !dark);
    },
  },
  getters: {
    isDark: (state) => state.theme === 'dark' || (state.theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches),
  },
});
