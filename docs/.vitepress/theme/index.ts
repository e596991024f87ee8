// Fonts of the reader's own machine: nothing is loaded from elsewhere.
import type { Theme } from 'vitepress';
import theme from 'vitepress/theme-without-fonts';
import { nextTick } from 'vue';
import './style.css';

export default {
  extends: theme,
  enhanceApp({ router }) {
    if (import.meta.env.SSR) return;
    router.onAfterRouteChange = async () => {
      await nextTick();
      // The first page and the one of what is not there have no `main` of their own.
      const content = document.getElementById('VPContent');
      if (content?.querySelector('main')) content.removeAttribute('role');
      else content?.setAttribute('role', 'main');
    };
  },
} satisfies Theme;
