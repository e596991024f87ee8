/** More hosts than one process usually serves at a time; each takes some hundred bytes. */
const MAX = 10_000;
/** A name in a `Host` header with its port. What is longer names nobody, and is not kept for whoever sends it. */
const LONGEST = 260;

/** `read`, which looks at nothing but its text, with its answers remembered: the hosts of requests come again and again. */
export function memoized<Answer extends object | string | null>(
  read: (text: string) => Answer,
): (text: string) => Answer {
  const known = new Map<string, Answer>();
  return (text) => {
    const remembered = known.get(text);
    if (remembered !== undefined) return remembered;
    const answer = read(text);
    if (text.length <= LONGEST) {
      // All at once, as to tell the least used would cost every request.
      if (known.size >= MAX) known.clear();
      known.set(text, answer);
    }
    return answer;
  };
}
