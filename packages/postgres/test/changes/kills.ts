/** How often a process is killed: `usual` times, or as often as CHANGE_KILLS says. */
export function killsOf(usual: number): number {
  return Number(process.env['CHANGE_KILLS'] ?? usual);
}

/** Milliseconds that so many kills may take: the more there are, the longer. */
export function timeOf(kills: number): number {
  return Math.max(300_000, 60_000 * kills);
}
