// Fonts of the reader's own machine: nothing is loaded from elsewhere.
import { type Theme, useRoute } from 'vitepress';
import theme from 'vitepress/theme-without-fonts';
import { defineComponent, h, nextTick, onMounted, watch } from 'vue';
import wayOfATenant from '../../images/way-of-a-tenant.svg';
import './style.css';

/** The first page and the one of what is not there have no `main` of their own. */
function markMain(): void {
  const content = document.getElementById('VPContent');
  if (content?.querySelector('main')) content.removeAttribute('role');
  else content?.setAttribute('role', 'main');
}

const WAY_OF_A_TENANT =
  'Requests, jobs and sockets of two tenants enter, each in its own context, and leave through SQL, caches, jobs and sockets as that tenant. A host and a token that disagree are refused, and so is code without a tenant.';

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
      return () =>
        h(theme.Layout, null, { 'home-hero-image': () => h('img', { src: wayOfATenant, alt: WAY_OF_A_TENANT }) });
    },
  }),
} satisfies Theme;
