// Fonts of the reader's own machine: nothing is loaded from elsewhere.
import { type Theme, useRoute } from 'vitepress';
import theme from 'vitepress/theme-without-fonts';
import { defineComponent, h, nextTick, onMounted, watch } from 'vue';
import './style.css';

/** The first page and the one of what is not there have no `main` of their own. */
function markMain(): void {
  const content = document.getElementById('VPContent');
  if (content?.querySelector('main')) content.removeAttribute('role');
  else content?.setAttribute('role', 'main');
}

export default {
  extends: theme,
  Layout: defineComponent({
    setup() {
      const route = useRoute();
      onMounted(markMain);
      watch(
        () => route.path,
        () => nextTick(markMain),
      );
      return () => h(theme.Layout);
    },
  }),
} satisfies Theme;
