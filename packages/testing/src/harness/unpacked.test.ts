import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { unpacked } from './unpacked.js';

const TEXT = 'canary-title-4711, in the middle of a sentence';

function archive(method: 0 | 8, content: Buffer, size = content.length): Buffer {
  const header = Buffer.alloc(30);
  header.write('PK\u0003\u0004', 'latin1');
  header.writeUInt16LE(method, 8);
  header.writeUInt32LE(size, 18);
  header.writeUInt16LE(5, 26);
  return Buffer.concat([header, Buffer.from('a.txt'), content]);
}

it.each([
  ['gzip', gzipSync(TEXT)],
  ['a deflated file of an archive', archive(8, deflateRawSync(TEXT))],
  ['a file of an archive that does not say its size', archive(8, deflateRawSync(TEXT), 0)],
  ['a file of an archive as it is', archive(0, Buffer.from(TEXT))],
  ['a second file of an archive', Buffer.concat([archive(0, Buffer.from('first')), archive(8, deflateRawSync(TEXT))])],
  [
    'a stream of a PDF',
    Buffer.concat([Buffer.from('%PDF-1.4\nstream\r\n'), deflateSync(TEXT), Buffer.from('\nendstream')]),
  ],
  ['UTF-16, little end first', Buffer.from(TEXT, 'utf16le')],
  ['UTF-16, big end first', Buffer.from(TEXT, 'utf16le').swap16()],
])('finds the text in %s', (_, bytes) => expect(unpacked(bytes)).toContain(TEXT));

it.each([
  ['nothing', Buffer.alloc(0)],
  ['a plain text', Buffer.from(TEXT)],
  ['a broken archive', archive(8, Buffer.from('no deflated text at all')).subarray(0, 33)],
  ['a PDF that is cut off', Buffer.from('%PDF-1.4\nstream\n')],
])('finds nothing in %s', (_, bytes) => expect(unpacked(bytes)).not.toContain(TEXT));
