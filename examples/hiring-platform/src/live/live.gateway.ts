import { NotFoundException, UseFilters } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  type WsResponse,
} from '@nestjs/websockets';
import { InjectTenantPrisma } from '@tenancy/prisma';
import type { Server, Socket } from 'socket.io';
import { CurrentRecruiter } from '../auth/current-recruiter.decorator.js';
import type { Recruiter } from '../auth/recruiter.js';
import type { TenantPrisma } from '../database/tenant-prisma.js';
import type { Application } from '../generated/client.js';
import { SocketErrorsFilter } from './socket-errors.filter.js';
import { type WatchedJob, watchedJob } from './watched-job.js';

/**
 * Tells the recruiters who watch a job of each application for it. Rooms are the company's own, so that neither method names
 * it; who has not signed in is refused by the same guard as over HTTP.
 */
@WebSocketGateway({ namespace: 'live' })
@UseFilters(SocketErrorsFilter)
export class LiveGateway {
  @WebSocketServer() private readonly server!: Server;

  constructor(@InjectTenantPrisma() private readonly prisma: TenantPrisma) {}

  @SubscribeMessage('watch')
  async watch(
    @MessageBody({ schema: watchedJob }) { jobId }: WatchedJob,
    @ConnectedSocket() socket: Socket,
    @CurrentRecruiter() { jti }: Recruiter,
  ): Promise<WsResponse<{ readonly title: string }>> {
    const job = await this.prisma.job.findUnique({ where: { id: jobId }, select: { title: true } });
    if (!job) throw new NotFoundException();
    await socket.join([roomOf(jobId), sessionOf(jti)]);
    return { event: 'watching', data: job };
  }

  tell({ id, jobId, candidateId }: Application): void {
    this.server.to(roomOf(jobId)).emit('application', { id, jobId, candidateId });
  }

  /** Closes the sockets of a session that was ended, in every tab. */
  hangUp({ jti }: Pick<Recruiter, 'jti'>): void {
    this.server.in(sessionOf(jti)).disconnectSockets();
  }
}

const roomOf = (jobId: string) => `job:${jobId}`;
const sessionOf = (jti: string) => `session:${jti}`;
