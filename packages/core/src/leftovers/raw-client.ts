import { isClient } from '../replies/client.js';
import type { Leftover, LoadedModule } from './leftovers.js';
import { isWall } from './wall.js';

/** The name of the library's own module, in each of its copies. */
const MODULE = 'TenantMicroservicesModule';

/** A client of other services that cannot be held, where the application has its messages held: what it sends has no tenant. */
export function* rawClient({ name, providers, controllers }: LoadedModule, isHeld: boolean): Iterable<Leftover> {
  if (!isHeld) return;
  for (const [, { instance, name: token }] of [...providers, ...controllers]) {
    if (isClient(instance) && !canBeHeld(instance)) yield leftover(name, String(token));
    for (const [field, { value }] of fieldsOf(instance)) {
      if (isClient(value) && !canBeHeld(value)) yield leftover(name, `${String(token)}.${field}`);
    }
  }
}

/** True where the library's own module is among those of the application. */
export const holdsMessages = (modules: Iterable<LoadedModule>): boolean =>
  [...modules].some(({ metatype }) => metatype.name === MODULE && isWall(metatype));

const fieldsOf = (instance: unknown) =>
  typeof instance === 'object' && instance !== null ? Object.entries(Object.getOwnPropertyDescriptors(instance)) : [];

/** A client that sends by `publish` and `dispatchEvent`, as all of Nest's do, is stamped there; gRPC's has methods of its own. */
function canBeHeld(client: object): boolean {
  const { publish, dispatchEvent, getClientByServiceName } = client as Readonly<Record<string, unknown>>;
  if (typeof getClientByServiceName === 'function') return true;
  return typeof publish === 'function' && typeof dispatchEvent === 'function' && !Object.isFrozen(client);
}

const leftover = (module: string, client: string): Leftover => ({
  option: module,
  problem: `has the client "${client}", whose messages cannot carry a tenant: it does not send by \`publish\` and \`dispatchEvent\``,
  fix: "Extend Nest's `ClientProxy`, and send what these two are given.",
});
