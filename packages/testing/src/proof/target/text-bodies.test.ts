import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { withObjects, withText } from './text-bodies.js';

const fields = { tenantId: 'other' };
const add = (text: string) => withObjects(text, (value) => ({ ...(value as object), ...fields }), fields);

it.each([
  ['a table', 'title,category\r\none,sales\r\n', 'title,category,tenantId\r\none,sales,other\r\n'],
  ['a table between semicolons', 'title;category\none;sales', 'title;category;tenantId\none;sales;other'],
  [
    'a table with quotes',
    '"title"\t"category"\n"one"\t"sales"',
    '"title"\t"category"\ttenantId\n"one"\t"sales"\tother',
  ],
  ['JSON', '{"a":1}', '{"a":1,"tenantId":"other"}'],
  ['JSON line by line', '{"a":1}\n{"a":2}\n', '{"a":1,"tenantId":"other"}\n{"a":2,"tenantId":"other"}\n'],
  ['a text of no known form', 'Dear all,\nit works', 'Dear all,\nit works'],
])('%s has a field more in each of its objects', (_, text, longer) => expect(add(text)).toBe(longer));

it('bytes are packed again as they were', () => {
  const sheet = Buffer.from('\ufefftitle\tcategory\none\tsales', 'utf16le');
  expect((withText(sheet, add) as Buffer).toString('utf16le')).toBe(
    '\ufefftitle\tcategory\ttenantId\none\tsales\tother',
  );
  expect(gunzipSync(withText(gzipSync('{"a":1}'), add)).toString()).toBe('{"a":1,"tenantId":"other"}');
  for (const bytes of [Buffer.from([0xc3, 0x28]), gzipSync('{"a":1}').subarray(0, 12)])
    expect(withText(bytes, add)).toEqual(bytes);
});
