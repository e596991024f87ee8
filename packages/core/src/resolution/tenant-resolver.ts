import { Inject, Injectable } from '@nestjs/common';
import { isThenable } from '../context/thenable.js';
import { TenantSourceFailedError } from '../errors/refusals.js';
import { isTenancyError } from '../errors/tenancy-error.js';
import { CachedTenantRegistry } from '../registry/cached-tenant-registry.js';
import { failedLookup, find, type Lookup, lookupOf } from '../registry/lookup.js';
import { type TenantHint, TenantRegistry } from '../registry/tenant-registry.js';
import type { Tenant } from '../tenant.js';
import { isUsableTenantId } from '../tenant-id.js';
import { RESOLVED_OPTIONS } from '../tokens.js';
import { agree } from './agreement.js';
import { explanationOf } from './explanation.js';
import { renamedHost } from './renamed-host.js';
import type { LateMoment, TenantRequest, TenantSource } from './tenant-source.js';
import { identifiedBy } from './whole-request.js';
import { within } from './within.js';

/** Milliseconds that a source may take, where nothing else is said. */
export const SOURCE_TIMEOUT = 5_000;

/** Those of the module's options that are about sources. */
interface SourceOptions {
  readonly sources: readonly TenantSource[];
  readonly sourceTimeout?: number;
}

/** The tenant a source named; `null` for one that nobody knows. */
type Answer = Tenant | null | typeof NOTHING;

// A host that is nobody's custom domain: every other host of the application is one too.
const NOTHING = Symbol('nothing to say');

/**
 * Asks every source, looks every hint up, and requires them to agree.
 *
 * Answers at once, without a promise, when the sources do and the registry remembers.
 */
@Injectable()
export class TenantResolver {
  private readonly sources: Readonly<Record<'entrance' | LateMoment, readonly TenantSource[]>>;
  private readonly cache: CachedTenantRegistry | null;
  /** @internal Milliseconds that whatever is asked about a request has to answer. */
  readonly timeout: number;

  constructor(
    @Inject(RESOLVED_OPTIONS) { sources, sourceTimeout = SOURCE_TIMEOUT }: SourceOptions,
    @Inject(TenantRegistry) private readonly registry: TenantRegistry,
  ) {
    this.timeout = sourceTimeout;
    const asked = (moment: LateMoment | undefined) => sources.filter(({ after }) => after === moment);
    this.sources = { entrance: asked(undefined), middleware: asked('middleware'), guards: asked('guards') };
    this.cache = registry instanceof CachedTenantRegistry ? registry : null;
  }

  /**
   * The tenant of `request`, as the sources see it that can be asked at the entrance.
   *
   * @throws `tenant_required`, `tenant_mismatch`, `tenant_inactive`, `tenant_registry_unavailable`,
   * `tenant_source_failed`; as a rejection when it had to wait.
   */
  resolve(request: TenantRequest): Tenant | Promise<Tenant> {
    const answers: (Tenant | null)[] = [];
    const late = this.askAll('entrance', request, answers);
    return late === null ? agree(answers) : late.then(agree);
  }

  /** True when there are sources to ask at `moment`. */
  asksAfter(moment: LateMoment): boolean {
    return this.sources[moment].length > 0;
  }

  /**
   * The tenant of `request` once the sources of a later moment were asked as well, which must agree with what the
   * `earlier` ones have answered. `null` where nobody has had anything to say yet.
   *
   * @throws as {@link resolve}.
   */
  resolveAfter(
    moment: LateMoment,
    request: TenantRequest,
    earlier: readonly (Tenant | null)[],
  ): Tenant | null | Promise<Tenant | null> {
    const answers = [...earlier];
    const late = this.askAll(moment, request, answers);
    const settle = (all: readonly (Tenant | null)[]) => (all.length === 0 ? null : agree(all));
    return late === null ? settle(answers) : late.then(settle);
  }

  /** @internal The host of now, for a request to the host of a slug that its tenant had before; `null` for every other. */
  renamedHost(request: TenantRequest): Promise<string | null> | null {
    return renamedHost(this.sources.entrance, this.registry, request);
  }

  /** The answer of each source to a request that was refused, in words for the log. It asks all of them anew. */
  async explain(request: TenantRequest): Promise<string> {
    const sources = Object.values(this.sources).flat();
    const said = sources.map((source) => {
      const late = () => new TenantSourceFailedError('it said nothing in time.');
      return within(this.timeout, explanationOf(source, request, this.registry), late).catch(
        () => `${source.name}: no answer in time`,
      );
    });
    return (await Promise.all(said)).join('; ');
  }

  /** Adds to `answers` what is known at once; a promise of all answers when some had to be waited for. */
  private askAll(
    moment: 'entrance' | LateMoment,
    request: TenantRequest,
    answers: (Tenant | null)[],
  ): Promise<(Tenant | null)[]> | null {
    let late: Promise<Answer>[] | undefined;
    for (const source of this.sources[moment]) {
      const answer = this.ask(source, request);
      if (answer instanceof Promise) (late ??= []).push(answer);
      else if (answer !== NOTHING) answers.push(answer);
    }
    if (late === undefined) return null;
    return Promise.all(late).then((more) => [...answers, ...more.filter((answer) => answer !== NOTHING)]);
  }

  private ask(source: TenantSource, request: TenantRequest): Answer | Promise<Answer> {
    try {
      const hint = identifiedBy(source, request);
      if (!isThenable(hint)) return this.lookUp(source, hint);
      return within(this.timeout, hint, () => this.silent(source)).then(
        (late) => this.lookUp(source, late),
        (error) => {
          throw failure(source, error);
        },
      );
    } catch (error) {
      // Rejected, not thrown: the other sources are asked all the same, so that every refusal takes as long.
      return Promise.reject(failure(source, error));
    }
  }

  private silent(source: TenantSource): TenantSourceFailedError {
    const failed = new TenantSourceFailedError(
      `the source "${source.name}" did not answer within ${this.timeout} ms. Make it faster, or raise \`sourceTimeout\`.`,
    );
    // Nobody else says so where the route turns out to be untenanted.
    failed.report();
    return failed;
  }

  private lookUp(source: TenantSource, hint: TenantHint | null): Answer | Promise<Answer> {
    if (hint === null) return NOTHING;
    const lookup = typeof hint === 'object' ? lookupOf(hint) : null;
    if (lookup === null) {
      throw new TenantSourceFailedError(
        `the source "${source.name}" answered with something that is not a hint. ` +
          'Answer exactly one of `{ id }`, `{ slug }` and `{ domain }`, or `null`.',
      );
    }
    const name = (hint as Record<typeof lookup, unknown>)[lookup];
    if (!isUsableTenantId(name)) return null;
    const remembered = this.cache?.peek(lookup, name);
    if (remembered !== undefined) return known(remembered, lookup);
    return find(this.registry, lookup, name).then(
      (tenant) => known(tenant, lookup),
      (error) => {
        throw failedLookup(lookup, error);
      },
    );
  }
}

const known = (tenant: Tenant | null, lookup: Lookup): Answer =>
  tenant === null && lookup === 'domain' ? NOTHING : tenant;

const failure = (source: TenantSource, error: unknown): unknown =>
  isTenancyError(error)
    ? error
    : new TenantSourceFailedError(`the source "${source.name}" threw; see the cause.`, error);
