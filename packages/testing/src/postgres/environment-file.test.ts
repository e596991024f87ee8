import { expect, it } from 'vitest';
import { variablesOfOthers, withVariables } from './environment-file.js';

const ours = { DATABASE_URL: 'postgres://app:x@127.0.0.1:1/app' };

it('takes the place of its own lines, and leaves all others', () => {
  const before = 'PORT=3001\nexport DATABASE_URL=postgres://app:y@127.0.0.1:2/app\n# DATABASE_URL is made\n';
  expect(withVariables(before, ours)).toBe(`PORT=3001\n# DATABASE_URL is made\nDATABASE_URL=${ours.DATABASE_URL}\n`);
  expect(withVariables('', ours)).toBe(`DATABASE_URL=${ours.DATABASE_URL}\n`);
  expect(withVariables('PORT=3001', ours)).toBe(`PORT=3001\nDATABASE_URL=${ours.DATABASE_URL}\n`);
});

it('tells the address of a server that somebody else runs', () => {
  const names = ['DATABASE_URL', 'ADMIN_DATABASE_URL'];
  const text = `DATABASE_URL=postgres://app:x@db.example.com/app\nADMIN_${withVariables('', ours)}`;
  expect(variablesOfOthers(text, names)).toEqual(['DATABASE_URL']);
  expect(variablesOfOthers(withVariables('', ours), names)).toEqual([]);
});
