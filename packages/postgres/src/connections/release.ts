import type { BoundClient } from './bound-client.js';

/** Gives a connection back to its pool; with an error, or `true`, it is closed instead. */
export type Release = (error?: Error | boolean) => void;

/** C7: a holder that did not leave the connection as it was gives back nothing: the connection is closed. */
export function releaseOf(client: BoundClient, giveBack: Release): Release {
  let released = false;
  return (error) => {
    // The second time it is somebody else's connection; pg says so.
    if (released) return giveBack(error);
    released = true;
    const clean = client.letGo();
    giveBack(error || !clean);
  };
}
