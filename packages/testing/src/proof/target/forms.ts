/** A body that is sent as a form. */
export type Form = URLSearchParams | FormData;

export function isForm(body: unknown): body is Form {
  return body instanceof URLSearchParams || body instanceof FormData;
}

type Entry = readonly [name: string, value: string | File];

export function entriesOf(form: Form): readonly Entry[] {
  return [...(form as FormData).entries()];
}

/** A form of the same kind with these entries. */
export function formLike(form: Form, entries: readonly Entry[]): Form {
  const made = form instanceof FormData ? new FormData() : new URLSearchParams();
  for (const [name, value] of entries) (made as FormData).append(name, value as string);
  return made;
}
