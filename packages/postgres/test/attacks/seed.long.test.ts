import { seedCases } from './seed-cases.js';

seedCases({ rows: 2_000, session: 400 });
