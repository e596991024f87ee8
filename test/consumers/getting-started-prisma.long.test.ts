import { describeTutorial } from './tutorial.ts';

describeTutorial('docs/getting-started-prisma.md', '11');
describeTutorial('docs/getting-started-prisma.md', '12');
