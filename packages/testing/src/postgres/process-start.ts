import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/**
 * The start of a process, as an opaque token; null when there is no such process.
 * Process ids are used again, soonest in containers, so an id alone does not name an owner.
 */
export async function processStart(pid: number): Promise<string | null> {
  return process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid);
}

/** The command line of a process, or null when there is no such process. */
export async function processCommand(pid: number): Promise<string | null> {
  if (process.platform !== 'linux') return ps(pid, 'command=');
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return command === '' ? null : command.replaceAll('\0', ' ').trim();
}

async function startFromProc(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is the command in parentheses, which may itself contain spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTime] = [fields[0], fields[19]];
  return startTime === undefined || state === 'Z' ? null : Number(startTime).toString(36);
}

async function startFromPs(pid: number): Promise<string | null> {
  const started = await ps(pid, 'lstart=');
  return started === null ? null : Date.parse(started).toString(36);
}

async function ps(pid: number, column: string): Promise<string | null> {
  const environment = { ...process.env, LC_ALL: 'C' };
  const result = await promisify(execFile)('ps', ['-o', column, '-p', String(pid)], { env: environment }).catch(
    () => null,
  );
  return result?.stdout.trim() || null;
}
