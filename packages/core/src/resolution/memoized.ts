/** Twice as many are kept at most; each takes some hundred bytes. */
const MAX = 10_000;
/** A name in a `Host` header with its port. What is longer names nobody, and is not kept for whoever sends it. */
const LONGEST = 260;

/** `read`, which looks at nothing but its text, with its answers remembered: the hosts of requests come again and again. */
export function memoized<Answer extends object | string | null>(
  read: (text: string) => Answer,
): (text: string) => Answer {
  let recent = new Map<string, Answer>();
  // Those before, of which what is used again becomes recent: to tell the least used of all would cost every request.
  let earlier = new Map<string, Answer>();
  return (text) => {
    const remembered = recent.get(text);
    if (remembered !== undefined) return remembered;
    const answer = earlier.get(text) ?? read(text);
    if (text.length > LONGEST) return answer;
    if (recent.size >= MAX) [earlier, recent] = [recent, new Map()];
    recent.set(text, answer);
    return answer;
  };
}
