import type { Server as HttpServer } from 'node:http';
import { connect, createServer, type Server } from 'node:net';
import { StartError } from './start-error.js';

export const IPV4 = '127.0.0.1';
/** `acme.localhost` may lead here as well. */
export const IPV6 = '::1';

/** Starts this platform on a machine with only Node. */
const COMMAND = 'npx --yes pnpm@12 start';

/**
 * Holds the port until the answer is called, so that a start which takes seconds does not find out at its end that
 * another one was faster.
 *
 * @throws StartError when something listens on the port already, or this account may not use it.
 */
export async function reservePort(port: number): Promise<() => Promise<void>> {
  const held: Server[] = [];
  const release = async () => {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  };
  if (port === 0) return release;
  try {
    for (const address of [IPV4, IPV6]) {
      // On some systems one program may listen on an address where another listens on all of them.
      if (await isAnswered(port, address)) throw new StartError(portProblem(port));
      const server = createServer((socket) => socket.destroy());
      await listen(server, port, address);
      held.push(server);
    }
  } catch (error) {
    await release();
    throw error;
  }
  return release;
}

/** Lets connections to `::1` reach a server that listens on 127.0.0.1; closing the answer stops that. */
export async function joinOnIPv6(server: HttpServer, port: number): Promise<Server> {
  const twin = createServer((socket) => server.emit('connection', socket));
  await listen(twin, port, IPV6);
  return twin;
}

/** A machine without the address is not an error: nobody can call it there. */
function listen(server: Server, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT') resolve();
      else reject(asStartError(port, error));
    });
    server.listen(port, address, resolve);
  });
}

/** The same error, in words for the operator where it is about the port. */
export function asStartError(port: number, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return new StartError(portProblem(port));
  if (code === 'EACCES') return new StartError(`Port ${port} needs more rights. Choose another: PORT=3001 ${COMMAND}`);
  return error;
}

function portProblem(port: number): string {
  return (
    `Port ${port} is taken: another program listens there, perhaps an earlier start of this one. ` +
    `Stop it, or choose another port: PORT=${port === 65_535 ? 3000 : port + 1} ${COMMAND}`
  );
}

function isAnswered(port: number, address: string): Promise<boolean> {
  const socket = connect(port, address);
  return new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).finally(() => socket.destroy());
}
