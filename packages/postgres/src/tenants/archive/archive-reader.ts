import { type Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { Entry, ZipFile } from 'yauzl';
import { misconfigured } from '../../errors/misconfigured.js';
import { isTenantsError } from '../tenants-error.js';
import { archiveRefused, endedBy } from './archive-refused.js';
import { type ArchivedTable, type ArchiveManifest, digestOf, fileOf, parseManifest } from './manifest.js';
import { Tally } from './tally.js';

const MANIFEST = 'manifest.json';

/** The longest manifest, in bytes: it is held in memory. */
const LONGEST_MANIFEST = 16 * 2 ** 20;

/** Files of an archive at the most, which are held in memory by their names. */
const MOST_FILES = 20_000;

/** An archive, which anybody may have made: it is held to its manifest, and read in memory that does not grow with it. */
export class ArchiveReader {
  private constructor(
    readonly manifest: ArchiveManifest,
    /** As `digestOf`. */
    readonly digest: string,
    private readonly zip: ZipFile,
    private readonly entries: ReadonlyMap<string, Entry>,
  ) {}

  /**
   * Opens an archive for `work`, once each file of it has been read and found to be what the manifest says.
   *
   * @throws TenantsError `archive_refused`; TenantFloorError `floor_misconfigured` where `yauzl` is not installed; and what `work` throws.
   */
  static async open<R>(
    file: string,
    signal: AbortSignal | undefined,
    work: (archive: ArchiveReader) => Promise<R>,
  ): Promise<R> {
    const { openPromise } = await import('yauzl').catch((cause: unknown) => {
      throw misconfigured('archives are read by `yauzl`, which is not installed. Install it beside `pg`.', { cause });
    });
    const zip = await openPromise(file, { autoClose: false, lazyEntries: true }).catch(damaged);
    try {
      const archive = await ArchiveReader.#read(zip).catch(damaged);
      await archive.#verify(signal).catch((error) => damaged(endedBy(signal, error)));
      return await work(archive);
    } finally {
      zip.close();
    }
  }

  static async #read(zip: ZipFile): Promise<ArchiveReader> {
    const entries = await entriesOf(zip);
    const entry = entries.get(MANIFEST);
    if (!entry) throw archiveRefused(`it has no ${MANIFEST}`);
    if (entry.uncompressedSize > LONGEST_MANIFEST) throw archiveRefused(`its ${MANIFEST} is too long`);
    const text = await buffer(await zip.openReadStreamPromise(entry));
    const manifest = parseManifest(text.toString('utf8'));
    entries.delete(MANIFEST);
    for (const table of manifest.tables) {
      const data = entries.get(fileOf(table));
      if (!data) throw archiveRefused(`it lacks ${fileOf(table)}`);
      // No more is unpacked than this, whatever it is packed into.
      if (data.uncompressedSize !== table.bytes) {
        throw archiveRefused(
          `${fileOf(table)} has ${data.uncompressedSize} bytes, and its manifest says ${table.bytes}`,
        );
      }
    }
    if (entries.size > manifest.tables.length) {
      const known = new Set(manifest.tables.map(fileOf));
      const more = [...entries.keys()].find((name) => !known.has(name));
      throw archiveRefused(`it has a file ${JSON.stringify(more)} that its manifest does not know`);
    }
    return new ArchiveReader(manifest, digestOf(text), zip, entries);
  }

  /** The rows of a table in the text format of COPY. The stream fails at its end where they are not those of the manifest. */
  async rowsOf(table: ArchivedTable): Promise<readonly [Readable, Tally]> {
    const source = await this.zip.openReadStreamPromise(this.entries.get(fileOf(table)) as Entry).catch(damaged);
    const check = new Tally(({ bytes, sha256 }) => {
      if (bytes !== table.bytes || sha256 !== table.sha256) throw altered(table);
    });
    return [source, check];
  }

  async #verify(signal: AbortSignal | undefined): Promise<void> {
    for (const table of this.manifest.tables) {
      const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
      await pipeline([...(await this.rowsOf(table)), nowhere], signal ? { signal } : {});
    }
  }
}

async function entriesOf(zip: ZipFile): Promise<Map<string, Entry>> {
  if (zip.entryCount > MOST_FILES) throw archiveRefused(`it has ${zip.entryCount} files`);
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    const { fileName } = entry;
    if (entries.has(fileName)) throw archiveRefused(`it has the file ${JSON.stringify(fileName)} twice`);
    if (!entry.canDecodeFileData())
      throw archiveRefused(`${JSON.stringify(fileName)} is encrypted, or packed otherwise`);
    entries.set(fileName, entry);
  }
  return entries;
}

function altered(table: ArchivedTable): Error {
  return archiveRefused(`${fileOf(table)} is not what its manifest says`);
}

function damaged(error: unknown): never {
  if (isTenantsError(error)) throw error;
  throw archiveRefused(`it cannot be read: ${(error as Error).message}`, { cause: error });
}
