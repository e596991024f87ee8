import type { Planted, PlantedRow } from '../../canaries/planted.js';

/** The rows, of which each value that is read is told: it may be sent, and comes back then. */
export function readRows(rows: Planted, read: (value: unknown) => void): Planted {
  const watched = (row: PlantedRow): PlantedRow => {
    const columns = Object.entries(row).map(([name, given]) => {
      let value = given;
      const get = () => {
        read(value);
        return value;
      };
      const set = (next: unknown) => {
        value = next;
      };
      return [name, { enumerable: true, configurable: true, get, set }] as const;
    });
    // No proxy, which can neither be cloned nor has private members.
    return Object.defineProperties(Object.create(Object.getPrototypeOf(row)), Object.fromEntries(columns));
  };
  return Object.fromEntries(
    Object.entries(rows).map(([name, each]) => [
      name,
      Array.isArray(each) ? each.map(watched) : watched(each as PlantedRow),
    ]),
  );
}

const ID = /(^|_)(id|uuid)$|Id$/;

/** The own rows under the ids of the other's: whoever calls with them sends nothing else of the other's. */
export function underIdsOf(theirs: Planted, own: Planted): Planted {
  const renamed = (row: PlantedRow, other: PlantedRow | undefined) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, ID.test(name) ? (other?.[name] ?? value) : value]),
    );
  return Object.fromEntries(
    Object.entries(own).map(([name, rows]) => {
      const others = [theirs[name]].flat();
      const changed = [rows].flat().map((row, n) => renamed(row, others[n]));
      return [name, Array.isArray(rows) ? changed : (changed[0] as PlantedRow)];
    }),
  );
}
