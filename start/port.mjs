import { connect } from 'node:net';

/** Ends the start where its port is taken, before anything is installed or built, in the words that the example has for it. */
export async function refuseTakenPort() {
  const port = Number(process.env.PORT || 3000);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return;
  if (!(await Promise.all(['127.0.0.1', '::1'].map((host) => isAnswered(port, host)))).includes(true)) return;
  console.error(
    `Port ${port} is taken: another program listens there, perhaps an earlier start of this one. ` +
      `Stop it, or choose another port: PORT=${port === 65_535 ? 3000 : port + 1} npx --yes pnpm@12 start`,
  );
  process.exit(1);
}

function isAnswered(port, host) {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket
      .once('error', () => resolve(false))
      .once('connect', () => {
        socket.destroy();
        resolve(true);
      });
  });
}
