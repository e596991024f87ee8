import { basename, dirname, normalize, relative, sep } from 'node:path';
import type { HttpRequest } from '../../http-request.js';
import { entriesOf, formLike, isForm } from '../target/forms.js';
import type { Target } from '../target/target.js';
import { type Finding, leaks } from './attack.js';

/** A name that leads from the tenant's own folder, as it was seen written to, into the same place in the other's. */
export async function foreignFolder(target: Target): Promise<Finding | null> {
  const { own, other } = target;
  const { observed } = await target.attempt(await target.asItself());
  for (const path of filesOf(observed)) {
    const theirs = [
      [own.id, other.id],
      [own.slug, other.slug],
    ]
      .map(([mine = '', foreign = '']) =>
        path
          .split(sep)
          .map((part) => (part === mine ? foreign : part))
          .join(sep),
      )
      .find((each) => each !== path);
    if (theirs === undefined) continue;
    const name = relative(dirname(path), theirs);
    const change = (request: HttpRequest) => renamed(request, basename(path), name);
    const attempt = await target.attempt(await target.asItself(target.own, { change }));
    if (!filesOf(attempt.observed).includes(theirs)) continue;
    return leaks(`With the name ${name}, a file was written in a folder of the other's.`, attempt);
  }
  return null;
}

function filesOf(observed: readonly { readonly exit: string; readonly name: string }[]): string[] {
  return observed.filter(({ exit }) => exit === 'file').map(({ name }) => normalize(name));
}

/** Of files in a form, and wherever the body or the query has that very name. */
function renamed(request: HttpRequest, from: string, to: string): HttpRequest {
  const { body, query } = request;
  return { ...request, ...(query && { query: inside(query) as Record<string, unknown> }), body: inside(body) };

  function inside(value: unknown): unknown {
    if (value === from) return to;
    if (isForm(value)) {
      return formLike(
        value,
        entriesOf(value).map(([name, each]) => [
          name,
          typeof each === 'string' ? (each === from ? to : each) : new File([each], to, { type: each.type }),
        ]),
      );
    }
    if (Array.isArray(value)) return value.map(inside);
    if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, inside(each)]));
  }
}
