import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { acme, type Company, globex, TestPlatform } from './support/platform.js';

const BOTH = [acme, globex];

describe('live updates, screening and lines of the log', () => {
  let platform: TestPlatform;
  const sockets: Socket[] = [];
  beforeAll(async () => {
    platform = await TestPlatform.start();
    await Promise.all(BOTH.map((company) => platform.tokenOf(company)));
  });
  afterAll(async () => {
    for (const socket of sockets) socket.close();
    await platform.stop();
  });

  const post = async (company: Company, path: string, body: unknown) => {
    const answer = await platform.as(company, path, { method: 'POST', body });
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    return answer.body;
  };
  const connected = async (company: Company, isSignedIn = true) => {
    const token = isSignedIn ? await platform.tokenOf(company) : undefined;
    const socket = io(`http://127.0.0.1:${platform.port}/live`, {
      transports: ['websocket'],
      forceNew: true,
      extraHeaders: { host: `${company.slug}.localhost` },
      ...(token !== undefined && { auth: { token } }),
    });
    sockets.push(socket);
    await new Promise((resolve, reject) => socket.once('connect', () => resolve(0)).once('connect_error', reject));
    return socket;
  };
  const answered = (socket: Socket, data: unknown) =>
    new Promise<unknown>((resolve) => {
      socket.once('watching', resolve);
      socket.once('exception', resolve);
      socket.emit('watch', data);
    });

  it('each company hears of the applications for its own jobs, while both are busy, and is told what its service says', async () => {
    const heard = new Map<Company, string[]>();
    const jobs = new Map<Company, { id: string }>();
    for (const company of BOTH) {
      const job = await post(company, '/jobs', { title: `Watched by ${company.slug}`, location: 'here' });
      jobs.set(company, job);
      const socket = await connected(company);
      const own: string[] = [];
      heard.set(company, own);
      socket.on('application', ({ id }: { id: string }) => own.push(id));
      expect(await answered(socket, { jobId: job.id })).toEqual({ title: `Watched by ${company.slug}` });
    }
    const made = await Promise.all(
      [0, 1, 2, 3, 4, 5, 6, 7].map(async (n) => {
        const company = BOTH[n % 2] as Company;
        const name = n < 4 ? `Ada Number${n}` : `Ada${n}`;
        const candidate = await post(company, '/candidates', { name, email: `live-${n}@candidates.example` });
        const { id, screening } = await post(company, '/applications', {
          jobId: jobs.get(company)?.id,
          candidateId: candidate.id,
        });
        expect(screening).toEqual({
          summary: `${name} has applied for 1 of your jobs`,
          missing: n < 4 ? [] : ['family name'],
        });
        return { company, id: id as string };
      }),
    );
    for (const company of BOTH) {
      const own = made.filter((each) => each.company === company).map(({ id }) => id);
      await expect.poll(() => heard.get(company)?.toSorted()).toEqual(own.toSorted());
    }
  });

  it("nobody watches another company's job, nor without a sign-in", async () => {
    const job = await post(globex, '/jobs', { title: 'Not for acme', location: 'here' });
    expect(await answered(await connected(acme), { jobId: job.id })).toMatchObject({ message: 'Not Found' });
    expect(await answered(await connected(globex, false), { jobId: job.id })).toMatchObject({ status: 'error' });
    const token = await platform.tokenOf(acme);
    const stranger = io(`http://127.0.0.1:${platform.port}/live`, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      extraHeaders: { host: 'globex.localhost' },
      auth: { token },
    });
    sockets.push(stranger);
    const refused = await new Promise<Error>((resolve) => stranger.once('connect_error', resolve));
    expect(refused.message).toBe('tenant_mismatch');
  });
});

it('a burst of one company refuses nobody else, who comes from the same address', async () => {
  const platform = await TestPlatform.start({ callsPerMinute: 20 });
  try {
    await Promise.all(BOTH.map((company) => platform.tokenOf(company)));
    const burst = await Promise.all(Array.from({ length: 30 }, () => platform.as(acme, '/jobs')));
    expect(burst.filter(({ status }) => status === 200)).toHaveLength(20);
    expect(burst.filter(({ status }) => status === 429)).toHaveLength(10);
    const others = await Promise.all(Array.from({ length: 20 }, () => platform.as(globex, '/jobs')));
    expect(others.every(({ status }) => status === 200)).toBe(true);
  } finally {
    await platform.stop();
  }
});

it('who guesses passwords of one company is stopped, and nobody of the other with them', async () => {
  const platform = await TestPlatform.start({ signInsPerMinute: 5 });
  try {
    const guess = ({ slug, recruiters }: Company, password: string) => {
      const body = { email: recruiters[0].email, password };
      return platform.call(`${slug}.localhost`, '/auth/sign-in', { method: 'POST', body });
    };
    const guesses = await Promise.all(Array.from({ length: 12 }, (_, n) => guess(acme, `guess ${n}`)));
    expect(guesses.map(({ status }) => status).sort()).toEqual([...Array(5).fill(401), ...Array(7).fill(429)]);
    const [{ password }] = acme.recruiters;
    expect((await guess(acme, password)).status).toBe(429);
    const form = { email: acme.recruiters[0].email, password: 'guess' };
    const onPage = () => platform.call('acme.localhost', '/sign-in', { form, headers: { Accept: 'text/html' } });
    const pages = await Promise.all(Array.from({ length: 7 }, onPage));
    expect(pages.map(({ status }) => status).sort()).toEqual([401, 401, 401, 401, 401, 429, 429]);
    expect((await guess(globex, globex.recruiters[0].password)).status).toBe(200);
    // Whoever is not guessing goes on.
    expect((await platform.call('acme.localhost', '/jobs')).status).toBe(200);
  } finally {
    await platform.stop();
  }
});

it('each line that is logged says whose work it was', async () => {
  const lines: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => lines.push(String(chunk)) > 0);
  const writeError = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => lines.push(String(chunk)) > 0);
  try {
    const platform = await TestPlatform.start({ screeningPort: 0 });
    await platform.stopScreening();
    await Promise.all(
      [0, 1, 2, 3].map(async (n) => {
        const company = BOTH[n % 2] as Company;
        const job = await platform.as(company, '/jobs', { method: 'POST', body: { title: `Job ${n}`, location: 'x' } });
        const candidate = await platform.as(company, '/candidates', {
          method: 'POST',
          body: { name: 'Ada', email: `log-${n}@candidates.example` },
        });
        const answer = await platform.as(company, '/applications', {
          method: 'POST',
          body: { jobId: job.body.id, candidateId: candidate.body.id },
        });
        // The service is away, and nobody's application is refused for that.
        expect([answer.status, answer.body.screening]).toEqual([201, null]);
      }),
    );
    await platform.stop();
  } finally {
    write.mockRestore();
    writeError.mockRestore();
  }
  const warned = lines
    .join('')
    .split('\n')
    .filter((line) => line.includes('was not screened'));
  expect(warned).toHaveLength(4);
  for (const { id } of BOTH) expect(warned.filter((line) => line.includes(`{${id}}`))).toHaveLength(2);
});
