import type { StatementKind } from '../statement/statement-kind.js';
import type { Binding } from './binding.js';
import type { BackendMessage, Connection } from './connection.js';
import { ReportedSettings } from './reported-settings.js';
import { SessionReset } from './session-reset.js';

type Settings = readonly (readonly [name: string, value: string])[];

/** The settings that a pooler makes for its clients, and PostgreSQL reports. */
const SET_BY_POOLERS = ['client_encoding', 'application_name', 'TimeZone', 'DateStyle', 'standard_conforming_strings'];

/**
 * The state of one connection's session: what was left on it, and when that is undone.
 *
 * F1: a function or a trigger can leave anything, and nothing tells. So whenever the session goes from one holder to
 * another it is reset; where a statement's text or the server tells that something was left, it is reset at once.
 */
export class Session {
  /** The last holder; `undefined` when it has had none, or has none any more. */
  #last: Binding | undefined;
  /** True when a reset must come before the next query. */
  isResetDue = false;
  #left: 'nothing known' | 'state' | 'what no reset undoes' = 'nothing known';
  readonly #reported = new ReportedSettings();
  /** The settings as the first tenant found them: a pooler makes them for each of its clients, and a reset takes them away. */
  #atStart: Settings = [];
  #setUp: Settings = [];
  readonly #reset: SessionReset;

  constructor(connection: Connection) {
    this.#reset = new SessionReset(connection);
  }

  hold(binding: Binding): void {
    if (this.#atStart.length === 0) this.#atStart = this.#reported.of(SET_BY_POOLERS);
    if (this.#last !== undefined && this.#last.holder !== binding.holder) this.isResetDue = true;
    this.#last = binding;
  }

  ran(kind: StatementKind): void {
    if (kind === 'lasting') this.#left = 'what no reset undoes';
    else if (kind === 'stateful' && this.#left === 'nothing known') this.#left = 'state';
  }

  /** True when the session can be handed to somebody else at all. */
  get isReusable(): boolean {
    return this.#left !== 'what no reset undoes';
  }

  /** True when something is known to have been left. */
  get isLeft(): boolean {
    return this.#left === 'state' || this.#reported.changed;
  }

  /** After every reset these are set again. */
  restores(settings: Settings): void {
    this.#setUp = settings;
    this.#reset.restores(settings);
  }

  /** See `SessionReset`. */
  reset(direct: boolean, unlocks: boolean): void {
    if (!direct) this.#reset.restores([...this.#atStart, ...this.#setUp]);
    this.#reset.send(direct, unlocks);
    this.isResetDue = false;
    this.#left = 'nothing known';
  }

  /** It is as it was opened, and nobody's. */
  leave(): void {
    this.#last = undefined;
  }

  get isUnderReset(): boolean {
    return this.#reset.isUnderWay;
  }

  /** Takes a message of a reset's reply. @returns true when it was due. */
  take(event: string, message: BackendMessage): boolean {
    const due = this.#reset.take(event, message);
    if (!this.#reset.isUnderWay) this.#reported.remember();
    return due;
  }

  report(message: BackendMessage): void {
    this.#reported.report(message.parameterName, message.parameterValue);
  }

  /** From here on, reported changes are the doing of whoever the connection is bound to. */
  remember(): void {
    if (!this.isUnderReset) this.#reported.remember();
  }
}
