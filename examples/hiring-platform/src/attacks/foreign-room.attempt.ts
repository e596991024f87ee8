import { Injectable } from '@nestjs/common';
import type { Tenant } from '@tenancy/core';
import { io } from 'socket.io-client';
import { type Attempt, type Outcome } from './attempt.js';
import { Loopback } from './loopback.js';
import { OtherCompany } from './other-company.js';

/** Milliseconds for a connection and its answer. */
const PATIENCE = 10_000;

@Injectable()
export class ForeignRoomAttempt implements Attempt {
  readonly id = 'foreign-room';
  readonly title = "Another's room";
  readonly does = "Opens sockets to hear what the other company's recruiters are told about one of their jobs.";

  constructor(
    private readonly others: OtherCompany,
    private readonly loopback: Loopback,
  ) {}

  async run(own: Tenant, other: Tenant): Promise<Outcome> {
    const { jobs } = await this.others.idsOf(other);
    const [jobId = ''] = jobs;
    const [ownToken, otherToken] = await Promise.all([this.others.tokenOf(own), this.others.tokenOf(other)]);
    const byId = await this.#watch(own, ownToken, jobId);
    const byToken = await this.#watch(own, otherToken, jobId);
    const control = await this.#watch(other, otherToken, jobId);
    const joined = [byId, byToken].filter(({ isWatching }) => isWatching).length;
    return {
      request: `watch { jobId: <of the other> }, signed in here\nthe same, with a token of the other at this address`,
      answer: `${byId.said}\n${byToken.said}`,
      refusedBy: joined === 0 && byToken.said === 'tenant_mismatch' ? 'sockets' : null,
      foreignRows: joined,
      control: { says: `the other company itself: ${control.said}`, holds: control.isWatching },
    };
  }

  async #watch(
    at: Tenant,
    token: string,
    jobId: string,
  ): Promise<{ readonly isWatching: boolean; readonly said: string }> {
    const socket = io(`http://127.0.0.1:${this.loopback.port}/live`, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      extraHeaders: { host: this.loopback.hostOf(at) },
      auth: { token },
    });
    try {
      return await new Promise((resolve) => {
        const refused = ({ message }: { readonly message: string }) => resolve({ isWatching: false, said: message });
        socket.once('connect', () => socket.emit('watch', { jobId }));
        socket.once('watching', () => resolve({ isWatching: true, said: 'watching' }));
        socket.once('exception', refused).once('connect_error', refused);
        setTimeout(refused, PATIENCE, { message: 'no answer' }).unref();
      });
    } finally {
      socket.close();
    }
  }
}
