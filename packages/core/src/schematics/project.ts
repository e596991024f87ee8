import { NothingChanged, type Tree, textOf } from './workspace.js';

/** The application of a monorepo that was named, as Nest's command passes it along. */
export interface ProjectOptions {
  readonly project?: string | undefined;
  readonly p?: string | undefined;
}

/** @throws NothingChanged for a project that is not there: Nest's command takes the default one in its place, and says nothing. */
export function refuseUnknownProject(tree: Tree, { project, p }: ProjectOptions): void {
  const named = project ?? p;
  const projects = projectsOf(textOf(tree, 'nest-cli.json'));
  if (named === undefined || projects.length === 0 || projects.includes(named)) return;
  throw new NothingChanged(`nest-cli.json has no project ${named}`, `There are ${projects.join(', ')}.`);
}

function projectsOf(text: string | null): string[] {
  try {
    return Object.keys((JSON.parse(text ?? '{}') as { projects?: object }).projects ?? {});
  } catch {
    return [];
  }
}
