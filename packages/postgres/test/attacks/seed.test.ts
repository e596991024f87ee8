import { seedCases } from './seed-cases.js';

seedCases({ rows: 150, session: 6 });
