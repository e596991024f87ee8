import type { BoundClient } from '../connections/bound-client.js';
import { ask } from '../protocol/ask.js';

/**
 * A position in the log that a primary writes and its replicas replay. Positions are compared within one cluster and one timeline alone: after
 * a failover the same number is another place.
 */
export interface WalPosition {
  readonly system: string;
  readonly timeline: number;
  readonly lsn: bigint;
}

/** A position as PostgreSQL writes it, `16/B374D848`. */
export function lsnText(lsn: bigint): string {
  return `${(lsn >> 32n).toString(16)}/${(lsn & 0xffff_ffffn).toString(16)}`.toUpperCase();
}

export function readLsn(text: string): bigint {
  const [high = '', low = ''] = text.split('/');
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
}

/**
 * The end of what is written, not of what is on disk: with `synchronous_commit = off` a commit is reported before it is. Its name of a file begins
 * with the timeline.
 */
const WRITTEN = `select pg_current_wal_insert_lsn()::text as lsn, pg_walfile_name(pg_current_wal_insert_lsn()) as file,
  (select system_identifier::text from pg_control_system()) as system, current_setting('wal_block_size') as block,
  pg_size_bytes(current_setting('wal_segment_size'))::text as segment`;

/**
 * Asks a primary how far its log is written: whatever is committed by now lies before that.
 *
 * @throws what PostgreSQL throws on a server that is none.
 */
export async function askWritten(client: BoundClient): Promise<WalPosition> {
  const [row] = await ask<'lsn' | 'file' | 'system' | 'block' | 'segment'>(client, WRITTEN);
  const { lsn, file, system, block, segment } = row ?? ({} as Record<string, never>);
  if (!lsn || !file || !system) throw new Error('the primary did not say how far its log is written');
  return {
    system,
    timeline: Number.parseInt(file.slice(0, 8), 16),
    lsn: withoutHeader(readLsn(lsn), BigInt(block ?? 0), BigInt(segment ?? 0)),
  };
}

/** The sizes of the headers of a page of the log, and of the first one of a file. */
const PAGE_HEADER = 24n;
const FILE_HEADER = 40n;

/**
 * The place of a record that begins a page lies behind the page's header. Nothing lies between the end of the last record and there,
 * so a replica that has replayed everything would never be said to be that far until somebody writes again.
 */
export function withoutHeader(lsn: bigint, block: bigint, segment: bigint): bigint {
  const header = lsn % segment < block ? FILE_HEADER : PAGE_HEADER;
  return lsn % block === header ? lsn - header : lsn;
}

/** The state of a server as it says itself. A server that is no replica has no `lsn`. */
export interface ReplicaState {
  readonly system: string;
  readonly timeline: number;
  readonly lsn: bigint | null;
}

const REPLAYED = 'case when pg_is_in_recovery() then pg_last_wal_replay_lsn()::text end as lsn';

/**
 * The timeline of what is replayed is in two places of the control file, each of which is written later than it is so: the later one counts.
 * Reading that file takes the server a tenth of a millisecond, so it is asked for once in a while only.
 */
const IDENTITY = `(select system_identifier::text from pg_control_system()) as system,
  (select greatest(c.timeline_id, r.min_recovery_end_timeline)::text from pg_control_checkpoint() c, pg_control_recovery() r) as timeline`;

/** @param known - what the same connection said before; its system and timeline are taken from there */
export async function askReplayed(client: BoundClient, known: ReplicaState | undefined): Promise<ReplicaState> {
  const [row] = await ask<'lsn' | 'system' | 'timeline'>(client, `select ${REPLAYED}${known ? '' : `, ${IDENTITY}`}`);
  return {
    system: known?.system ?? row?.system ?? '',
    timeline: known?.timeline ?? Number(row?.timeline),
    lsn: row?.lsn ? readLsn(row.lsn) : null,
  };
}

/** How a replica stands to a position of the primary. */
export type Standing = 'far enough' | 'behind' | 'on another timeline' | 'no replica' | 'of another cluster';

export function standing(replica: ReplicaState, needed: WalPosition): Standing {
  if (replica.system !== needed.system) return 'of another cluster';
  if (replica.lsn === null) return 'no replica';
  if (replica.timeline !== needed.timeline) return 'on another timeline';
  return replica.lsn >= needed.lsn ? 'far enough' : 'behind';
}
