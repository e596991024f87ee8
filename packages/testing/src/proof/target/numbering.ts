/** A number with what is written around it: `4711`, `2026-00003`, `INV-12`. */
export function isNumbering(value: string): boolean {
  return /^\p{L}{0,5}[-_/# .]?\d+(?:[-_/.]\d+)*$/u.test(value);
}
