import { describeTutorial } from './tutorial.ts';

describeTutorial('docs/getting-started-typeorm.md', '11');
describeTutorial('docs/getting-started-typeorm.md', '12');
