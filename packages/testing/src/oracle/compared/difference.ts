/** The names of the two sides of a difference. */
export type Sides = readonly [one: string, other: string];

/** The first difference of two plain values: a path, and what is there in each. Null when there is none. */
export function difference(one: unknown, other: unknown, path: string, sides: Sides): string | null {
  if (Object.is(one, other)) return null;
  if (Array.isArray(one) && Array.isArray(other)) {
    if (one.length !== other.length) {
      const [extra, missing] = [onlyIn(one, other), onlyIn(other, one)];
      if (extra >= 0) return told(`${path}[${extra}]`, one[extra], undefined, sides);
      if (missing >= 0) return told(`${path}[${missing}]`, undefined, other[missing], sides);
      return told(`${path}.length`, one.length, other.length, sides);
    }
    return first(one.map((item, index) => () => difference(item, other[index], `${path}[${index}]`, sides)));
  }
  if (isObject(one) && isObject(other)) {
    const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])];
    return first(keys.map((key) => () => difference(one[key], other[key], `${path}${step(key)}`, sides)));
  }
  return told(path, one, other, sides);
}

const onlyIn = (items: readonly unknown[], others: readonly unknown[]) => {
  const known = new Set(others.map((item) => JSON.stringify(item)));
  return items.findIndex((item) => !known.has(JSON.stringify(item)));
};

const step = (key: string) => (/^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`);

function first(differences: readonly (() => string | null)[]): string | null {
  for (const each of differences) {
    const found = each();
    if (found !== null) return found;
  }
  return null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function told(path: string, one: unknown, other: unknown, [here, there]: Sides): string {
  return `${path} is ${json(one)} ${here}, and ${json(other)} ${there}`;
}

export function json(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 2_000 ? `${text.slice(0, 2_000)}…` : text;
}
