import { type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Tenant } from '@tenancy/core';
import { type Deployment, InjectDeployment } from '../settings/settings.module.js';

/** Calls this server as anybody could, over its own port. */
@Injectable()
export class Loopback {
  constructor(
    private readonly adapter: HttpAdapterHost,
    @InjectDeployment() private readonly deployment: Deployment,
  ) {}

  get port(): number {
    return (this.adapter.httpAdapter.getHttpServer().address() as AddressInfo).port;
  }

  hostOf({ slug }: Tenant): string {
    return `${slug}.${this.deployment.baseDomain}`;
  }

  async get(path: string, host: string, token: string): Promise<{ readonly status: number; readonly text: string }> {
    const headers = { Host: host, Authorization: `Bearer ${token}` };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request({ host: '127.0.0.1', port: this.port, path, headers, agent: false }, resolve).once('error', reject).end();
    });
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() };
  }
}
