import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sending } from '../client.js';

/** A body that arrives in several pieces, with pauses in which others are served. */
export const inPieces = (text: string): Readable =>
  Readable.from(
    (async function* () {
      const size = Math.ceil(text.length / 3);
      for (let start = 0; start < text.length; start += size) {
        yield text.slice(start, start + size);
        await sleep(2);
      }
    })(),
    { objectMode: false },
  );

export const sent = (type: string, text: string): Sending => ({
  body: inPieces(text),
  headers: { 'content-type': type, 'content-length': String(text.length) },
});

/** A form with a field and a file. */
export const form = (): Sending =>
  sent(
    'multipart/form-data; boundary=end',
    ['--end', 'content-disposition: form-data; name="title"', '', 'a title', '--end']
      .concat('content-disposition: form-data; name="file"; filename="cv.txt"', 'content-type: text/plain', '')
      .concat('what is in the file', '--end--', '')
      .join('\r\n'),
  );
