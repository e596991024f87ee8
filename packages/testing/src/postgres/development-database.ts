import { randomBytes } from 'node:crypto';
import { connected } from './connection.js';
import { startPostgres } from './start-postgres.js';

/** A database for an application that is being written, with the two roles that one behind policies has. */
interface DevelopmentDatabase {
  /** Its addresses, by the names of the variables that an application reads them from. */
  readonly urls: { readonly ADMIN_DATABASE_URL: string; readonly DATABASE_URL: string };
  stop(): Promise<void>;
}

/** Starts a throw-away server with the empty database `app`, its owner, and the role `app`, which policies hold. */
export async function developmentDatabase(): Promise<DevelopmentDatabase> {
  const server = await startPostgres();
  try {
    const password = randomBytes(18).toString('base64url');
    await connected('tenancy-postgres', server.url, async (client) => {
      // Policies are granted to a role of this name, and leave one that is there its password.
      await client.query(`create role app login password '${password}'`);
      await client.query('create database app');
    });
    const [owner, app] = [new URL(server.url), new URL(server.url)];
    owner.pathname = '/app';
    Object.assign(app, { pathname: '/app', username: 'app', password });
    return { urls: { ADMIN_DATABASE_URL: owner.href, DATABASE_URL: app.href }, stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
