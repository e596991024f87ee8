import { gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';

/** The texts that lie packed in an answer: in a ZIP archive (and so in a sheet), in gzip, in the streams of a PDF, or in two bytes a letter. */
export function unpacked(bytes: Buffer): string {
  return [...gzipped(bytes), ...zipped(bytes), ...printed(bytes), ...ofTwoBytes(bytes)].join('\n');
}

/** Bytes: what is larger than any document of a test is not opened. */
const LIMITS = { maxOutputLength: 20_000_000 };

function opened(open: () => Buffer): string[] {
  try {
    return [open().toString('utf8')];
  } catch {
    return [];
  }
}

function gzipped(bytes: Buffer): string[] {
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? opened(() => gunzipSync(bytes, LIMITS)) : [];
}

const LOCAL_HEADER = Buffer.from('PK\u0003\u0004', 'latin1');

/** Of each file of an archive, from the header that stands before it (APPNOTE 4.3.7). */
function zipped(bytes: Buffer): string[] {
  const texts: string[] = [];
  for (let at = bytes.indexOf(LOCAL_HEADER); at >= 0; at = bytes.indexOf(LOCAL_HEADER, at + 4)) {
    if (at + 30 > bytes.length) break;
    const [method, size] = [bytes.readUInt16LE(at + 8), bytes.readUInt32LE(at + 18)];
    const begin = at + 30 + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28);
    const content = bytes.subarray(begin, size > 0 ? begin + size : undefined);
    texts.push(bytes.toString('utf8', at + 30, at + 30 + bytes.readUInt16LE(at + 26)));
    texts.push(...(method === 8 ? opened(() => inflateRawSync(content, LIMITS)) : [content.toString('utf8')]));
  }
  return texts;
}

/** Streams that are deflated (ISO 32000-1, 7.3.8). */
function printed(bytes: Buffer): string[] {
  if (bytes.toString('latin1', 0, 5) !== '%PDF-') return [];
  const texts: string[] = [];
  for (const { 0: opening, index } of bytes.toString('latin1').matchAll(/\bstream\r?\n/g)) {
    texts.push(...opened(() => inflateSync(bytes.subarray(index + opening.length), LIMITS)));
  }
  return texts;
}

function ofTwoBytes(bytes: Buffer): string[] {
  const zeros = (from: number) => {
    let count = 0;
    for (let n = from; n < Math.min(bytes.length, 200); n += 2) if (bytes[n] === 0) count += 1;
    return count;
  };
  const most = Math.min(bytes.length, 200) / 4;
  if (bytes.length < 8) return [];
  if (zeros(1) > most) return [bytes.toString('utf16le')];
  return zeros(0) > most
    ? [
        Buffer.from(bytes.subarray(0, bytes.length & ~1))
          .swap16()
          .toString('utf16le'),
      ]
    : [];
}
