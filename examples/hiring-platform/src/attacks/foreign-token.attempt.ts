import { Injectable } from '@nestjs/common';
import type { Tenant } from '@tenancy/core';
import { type Attempt, named, type Outcome } from './attempt.js';
import { Loopback } from './loopback.js';
import { OtherCompany } from './other-company.js';

@Injectable()
export class ForeignTokenAttempt implements Attempt {
  readonly id = 'foreign-token';
  readonly title = "The other's token";
  readonly does = "Calls this company's address with a valid token of the other company.";

  constructor(
    private readonly others: OtherCompany,
    private readonly loopback: Loopback,
  ) {}

  async run(own: Tenant, other: Tenant): Promise<Outcome> {
    const [token, { candidates }] = await Promise.all([this.others.tokenOf(other), this.others.idsOf(other)]);
    const { status, text } = await this.loopback.get('/candidates', this.loopback.hostOf(own), token);
    const control = await this.loopback.get('/candidates', this.loopback.hostOf(other), token);
    const seen = named(control.text, candidates);
    const isRefused = status === 401 && text.includes('tenant_mismatch');
    return {
      request: `GET /candidates\nHost: ${this.loopback.hostOf(own)}\nAuthorization: Bearer <a token of the other>`,
      answer: `${status} ${isRefused ? text : `with ${text.length} characters`}`,
      refusedBy: isRefused ? 'entrance' : null,
      foreignRows: named(text, candidates),
      control: {
        says: `at its own address the same token is answered with ${control.status} and ${seen} candidates`,
        holds: control.status === 200 && seen > 0,
      },
    };
  }
}
