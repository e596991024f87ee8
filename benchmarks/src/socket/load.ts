import { io, type Socket } from 'socket.io-client';
import { answer } from '../child.js';
import { BASE_DOMAIN, type Load, SOCKETS, TENANTS } from './workload.js';

interface Seat {
  readonly socket: Socket;
  readonly id: string;
}
interface Said {
  readonly n: number;
  readonly of: string;
}

const IN_FLIGHT = 20;
const seats: Seat[] = [];
let heard = 0;
let wrong: Error | undefined;
let onHeard = () => {};

answer(async (asked) => {
  const load = asked as Load;
  if ('open' in load) return await open(load.open);
  const { work, messages } = load;
  heard = 0;
  let sent = 0;
  const caller = async () => {
    while (sent < messages && !wrong) {
      const n = sent++;
      const { socket, id } = seats[n % seats.length] as Seat;
      check(id, (await socket.timeout(60_000).emitWithAck(work, n)) as Said);
    }
  };
  const all = work === 'say' ? messages * SOCKETS : 0;
  await Promise.all(Array.from({ length: IN_FLIGHT }, caller));
  await new Promise<void>((resolve) => {
    onHeard = () => (heard >= all || wrong) && resolve();
    onHeard();
  });
  if (wrong) throw wrong;
  return null;
});

async function open(port: number): Promise<null> {
  for (let i = 0; i < SOCKETS; i += 1) {
    for (const { id, slug } of TENANTS) {
      const socket = io(`http://127.0.0.1:${port}`, {
        transports: ['websocket'],
        forceNew: true,
        extraHeaders: { host: `${slug}.${BASE_DOMAIN}` },
      });
      socket.on('news', (said: Said) => {
        check(id, said);
        heard += 1;
        onHeard();
      });
      await new Promise((resolve, reject) => socket.once('connect', () => resolve(null)).once('connect_error', reject));
      seats.push({ socket, id });
    }
  }
  return null;
}

function check(id: string, said: Said): void {
  if (said.of !== id) wrong = new Error(`a socket of ${id} was told ${JSON.stringify(said)}`);
}
