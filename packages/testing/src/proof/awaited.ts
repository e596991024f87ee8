type Definition = () => Promise<void>;

let definitions: Definition[] | null = null;

/** Loads a test file, and defines the tests that wait for a harness in it, once that is there. */
export async function definedAfter(load: () => void): Promise<void> {
  const kept: Definition[] = [];
  definitions = kept;
  try {
    load();
  } finally {
    definitions = null;
  }
  for (const define of kept) await define();
}

/** True where somebody waits: then `define` is called after the test file was loaded. */
export function awaited(define: Definition): boolean {
  definitions?.push(define);
  return definitions !== null;
}
