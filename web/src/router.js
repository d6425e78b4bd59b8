// SPDX-License-Identifier: Apache-2.0
import { createRouter, createWebHistory } from 'vue-router';
import { nextTick, shallowRef } from 'vue';
import { l } from './i18n/index.js';
import { siteTitle } from './lib/site.js';

const page = (path, view, title, extra = {}) => ({ path, component: view, meta: { title }, ...extra });

const routes = [
  page('/', () => import('./views/Home.vue'), null, { name: 'home' }),
  page('/search', () => import('./views/Search.vue'), ['查找数据', 'Find data'], { name: 'search' }),
  page('/dataset/:id', () => import('./views/Dataset.vue'), ['数据集', 'Dataset'], { name: 'dataset' }),
  page('/dataset/:id/commit', () => import('./views/CommitWizard.vue'), ['签署承诺', 'Sign the commitment'], { name: 'commit' }),
  page('/dataset/:id/apply', () => import('./views/ApplyWizard.vue'), ['申请使用', 'Apply for use'], { name: 'apply' }),
  page('/cases', () => import('./views/Cases.vue'), ['事项', 'Cases'], { name: 'cases' }),
  page('/case/:id', () => import('./views/Case.vue'), ['事项', 'Case'], { name: 'case' }),
  page('/new/:workflow', () => import('./views/NewItem.vue'), ['新事项', 'New item'], { name: 'new' }),
  page('/catalogue', () => import('./views/Catalogue.vue'), ['目录编制', 'Catalogue'], { name: 'catalogue' }),
  page('/catalogue/new', () => import('./views/CatalogueEditor.vue'), ['编制条目', 'New entry'], { name: 'catalogue-new' }),
  page('/catalogue/:id/desensitise', () => import('./views/Desensitise.vue'), ['脱敏', 'Desensitise'], { name: 'desensitise' }),
  page('/catalogue/:id', () => import('./views/CatalogueEditor.vue'), ['编辑条目', 'Edit entry'], { name: 'catalogue-edit' }),
  page('/board', () => import('./views/Board.vue'), ['计划与需求', 'Plans and demand'], { name: 'board' }),
  page('/complaints', () => import('./views/Complaints.vue'), ['投诉与异议', 'Complaints'], { name: 'complaints' }),
  page('/products', () => import('./views/Products.vue'), ['成果', 'Products'], { name: 'products' }),
  page('/alerts', () => import('./views/Alerts.vue'), ['风险预警', 'Alerts'], { name: 'alerts' }),
  page('/inspections', () => import('./views/Oversight.vue'), ['检查与整改', 'Inspections'], { name: 'inspections', props: { kind: 'inspection' } }),
  page('/assessments', () => import('./views/Oversight.vue'), ['年度评估', 'Assessments'], { name: 'assessments', props: { kind: 'assessment' } }),
  page('/audit', () => import('./views/Audit.vue'), ['审计', 'Audit'], { name: 'audit' }),
  page('/organisations', () => import('./views/Organisations.vue'), ['单位', 'Organisations'], { name: 'organisations' }),
  page('/organisations/:id', () => import('./views/Zone.vue'), ['专区', 'Zone'], { name: 'zone' }),
  page('/admin', () => import('./views/Admin.vue'), ['管理', 'Administration'], { name: 'admin' }),
  page('/rules', () => import('./views/Rules.vue'), ['规则', 'Rules'], { name: 'rules' }),
  page('/rules/:pack', () => import('./views/Rules.vue'), ['规则', 'Rules'], { name: 'rules-pack' }),
  page('/verify', () => import('./views/Verify.vue'), ['链上核验', 'Verify'], { name: 'verify' }),
  page('/signin', () => import('./views/SignIn.vue'), ['登录', 'Sign in'], { name: 'signin' }),
  page('/register', () => import('./views/Register.vue'), ['注册', 'Register'], { name: 'register' }),
  page('/account', () => import('./views/Account.vue'), ['我的账户', 'My account'], { name: 'account' }),
  page('/tour', () => import('./views/Tour.vue'), ['导览', 'Guided tour'], { name: 'tour' }),
  {
    path: '/explorer',
    component: () => import('./views/explorer/Frame.vue'),
    children: [
      page('', () => import('./views/explorer/Overview.vue'), ['区块链浏览器', 'Chain explorer'], { name: 'explorer' }),
      page('block/:id', () => import('./views/explorer/Block.vue'), ['区块', 'Block'], { name: 'explorer-block' }),
      page('tx/:hash', () => import('./views/explorer/Transaction.vue'), ['交易', 'Transaction'], { name: 'explorer-tx' }),
      page('address/:address', () => import('./views/explorer/Account.vue'), ['账户', 'Account'], { name: 'explorer-address' }),
      page('contracts', () => import('./views/explorer/Contracts.vue'), ['合约', 'Contracts'], { name: 'explorer-contracts' }),
      page('validators', () => import('./views/explorer/Validators.vue'), ['验证节点', 'Validators'], { name: 'explorer-validators' }),
    ],
  },
  page('/:rest(.*)*', () => import('./views/NotFound.vue'), ['没有这一页', 'No such page'], { name: 'missing' }),
];

export const router = createRouter({
  history: createWebHistory(),
  routes,
  scrollBehavior: (to, from, saved) => saved ?? (to.hash ? { el: to.hash, top: 80 } : to.path === from.path ? {} : { top: 0 }),
});

/** The page's own name for the tab, such as a dataset's title. */
export function setTitle(title) {
  document.title = title ? `${title} · ${siteTitle()}` : siteTitle();
}

/** Where a page's script could not be loaded: the page before it stays, with what was typed. */
export const unreached = shallowRef(null);
router.onError((error, to) => {
  console.warn('a page could not be loaded', error);
  unreached.value = to;
});

router.afterEach(async (to, from, failure) => {
  if (failure) return;
  unreached.value = null;
  setTitle(to.meta.title ? l(...to.meta.title) : '');
  if (from.matched.length === 0 || to.path === from.path) return;
  await nextTick();
  // A screen reader starts at the new page's heading, not at the link that is gone.
  document.getElementById('main')?.focus({ preventScroll: true });
});
