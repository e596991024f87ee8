import { RecentlyUsed } from '../recently-used.js';

/** Each takes some hundred bytes. */
const MAX = 10_000;
/** A name in a `Host` header with its port. What is longer names nobody, and is not kept for whoever sends it. */
const LONGEST = 260;

/** `read`, which looks at nothing but its text, with its answers remembered: the hosts of requests come again and again. */
export function memoized<Answer extends object | string | null>(
  read: (text: string) => Answer,
): (text: string) => Answer {
  const answers = new RecentlyUsed<Answer>(MAX);
  return (text) => {
    const remembered = answers.get(text);
    if (remembered !== undefined) return remembered;
    const answer = read(text);
    if (text.length <= LONGEST) answers.set(text, answer);
    return answer;
  };
}
