// SPDX-License-Identifier: Apache-2.0
// Takes the page over from the server's own rendering.
import { createPinia } from 'pinia';
import { createApp } from 'vue';
import App from './App.vue';
import { i18n, l, setLanguage } from './i18n/index.js';
import { router } from './router.js';
import { usePreferences } from './stores/preferences.js';
import { useSession } from './stores/session.js';
import './styles/base.css';

const app = createApp(App);
app.use(createPinia());
app.use(i18n);
app.use(router);
app.config.globalProperties.l = l;

const preferences = usePreferences();
await setLanguage(preferences.language);
preferences.applyTheme();
useSession().refresh();
const mount = () => app.mount('#app');
// A first page whose script is not reached is said on screen, by App.vue.
router.isReady().then(mount, mount);
