// SPDX-License-Identifier: Apache-2.0
// Something that a page loads: `{data, error, loading, load}`, loaded again when what it depends on changes.
import { onScopeDispose, reactive, watch } from 'vue';

export function useLoad(loader, depends, { keep = true } = {}) {
  let controller;
  const state = reactive({ data: undefined, error: null, loading: false, load });
  async function load() {
    controller?.abort();
    const own = (controller = new AbortController());
    state.loading = true;
    state.error = null;
    if (!keep) state.data = undefined;
    try {
      const answer = await loader({ signal: own.signal });
      if (own === controller) state.data = answer;
    } catch (error) {
      if (own === controller && error.name !== 'AbortError') state.error = error;
    } finally {
      if (own === controller) state.loading = false;
    }
  }
  if (depends) watch(depends, load);
  load();
  onScopeDispose(() => controller?.abort());
  return state;
}
