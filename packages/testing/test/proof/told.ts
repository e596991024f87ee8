import type { IsolationReport } from '../../src/index.js';

/** The verdict of each entrance, by its id. */
export const verdicts = ({ entrances }: IsolationReport) =>
  Object.fromEntries(entrances.map(({ entrance, verdict }) => [entrance.id, verdict]));

/** The leaks of one entrance: `own: By its own request, …`. */
export const found = ({ entrances }: IsolationReport, id: string) =>
  entrances
    .find(({ entrance }) => entrance.id === id)
    ?.attacks.flatMap(({ attack, verdict, why }) => (verdict === 'leaks' ? [`${attack}: ${why}`] : [])) ?? [];
