import type { INestApplication } from '@nestjs/common';
import type { Entrance } from '../discovery/entrance.js';
import { componentsOf } from '../discovery/handlers.js';
import { blockCoverage } from './block-coverage.js';
import { ReachedBlocks } from './reached-blocks.js';
import { type UnreachedBranch, UnreachedBranches } from './unreached-branches.js';

/** How far it is known which branches a proof reached. */
export interface CoverageOfProof {
  /** `too late`: some of the application's functions ran before coverage began, so that nobody knows which of their branches did. */
  readonly state: 'on' | 'too late' | 'off';
  /** Why not everything is known; null where it is. */
  readonly why: string | null;
}

/** Branches that the calls of a proof did not reach, at one entrance after the other. */
export class ProofCoverage {
  readonly #blocks = new ReachedBlocks<Entrance>();
  readonly #branches: UnreachedBranches;

  constructor(app: INestApplication) {
    this.#branches = new UnreachedBranches(blockCoverage.textsOf, () =>
      componentsOf(app).map(({ type }) => Function.prototype.toString.call(type)),
    );
  }

  /** Begins to look at an entrance; what ran before is no call of it. */
  begin(): void {
    this.#blocks.skip();
  }

  /** A transport with the same calls, of which the first is looked at alone: what it runs is this entrance's, whatever else runs later. */
  watching<Call, Answer, T extends { call(call: Call): Promise<Answer> }>(entrance: Entrance, transport: T): T {
    if (this.#blocks.off !== null) return transport;
    let isFirst = true;
    const call = async (asked: Call): Promise<Answer> => {
      if (!isFirst) return transport.call(asked);
      isFirst = false;
      this.#blocks.skip();
      try {
        return await transport.call(asked);
      } finally {
        this.#blocks.look(entrance, true);
      }
    };
    return { ...transport, call };
  }

  /** Looks at what ran since the last look; true when a block was reached that nothing had reached before. */
  look(entrance: Entrance | null): boolean {
    return this.#blocks.look(entrance);
  }

  /** The branches that were not reached at an entrance, and the place of its handler, where that ran. */
  seenAt(entrance: Entrance): {
    readonly unreached: readonly UnreachedBranch[];
    readonly handlerAt?: { readonly file: string; readonly line: number };
  } {
    const { handler } = entrance;
    const handlerAt = handler === null ? null : this.#branches.placeOf(this.#blocks.at(entrance), handler);
    return { unreached: this.unreachedAt(entrance), ...(handlerAt && { handlerAt }) };
  }

  unreachedAt(entrance: Entrance): readonly UnreachedBranch[] {
    return this.#branches.of(this.#blocks.at(entrance), entrance.route);
  }

  get state(): CoverageOfProof {
    const { off, all } = this.#blocks;
    if (off !== null) return { state: 'off', why: `Which branches were reached is not known: ${off}` };
    const unknown = this.#branches.unknownOf(all);
    if (unknown.length === 0) return { state: 'on', why: null };
    return { state: 'too late', why: tooLate(unknown) };
  }
}

function tooLate(unknown: readonly string[]): string {
  const named = unknown.slice(0, 3).join(', ');
  const more = unknown.length > 3 ? ` and ${unknown.length - 3} more` : '';
  return (
    `Coverage began too late for ${named}${more}: they had run before, so which of their branches were reached is not known. Import ` +
    "`@tenancy/testing` before the application, or begin with it: `setupFiles: ['@tenancy/testing']`, in Vitest and in Jest."
  );
}
