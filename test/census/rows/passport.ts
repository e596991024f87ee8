import { Injectable, UseGuards } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import session from 'express-session';
import passport from 'passport';
import { ExtractJwt, Strategy as JwtStrategy } from 'passport-jwt';
import { Strategy as LocalStrategy } from 'passport-local';
import type { Sending } from '../client.js';
import { overHttp, type Row, type Seen, type Subject, seen } from '../row.js';
import { handle } from './handle.js';

const SECRET = 'a secret that only this census knows';
const token = new JwtService({ secret: SECRET }).sign({ sub: 'somebody' });

/** Whom `validate` saw. */
interface User {
  readonly seen: Seen;
}

@Injectable()
class Local extends PassportStrategy(LocalStrategy) {
  async validate(): Promise<User> {
    return { seen: seen() };
  }
}

@Injectable()
class Jwt extends PassportStrategy(JwtStrategy) {
  constructor() {
    super({ jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(), secretOrKey: SECRET });
  }

  async validate(): Promise<User> {
    return { seen: seen() };
  }
}

const guarded = (strategy: 'local' | 'jwt', sending: Sending): Row =>
  overHttp(`Passport's guard with \`passport-${strategy}\`: \`validate\` and the handler`, 'right', () => ({
    metadata: {
      imports: [PassportModule],
      providers: [strategy === 'local' ? Local : Jwt],
      controllers: [
        handle(
          ({ adapted: { request } }) => {
            const inHandler = seen();
            return { seen: (request['user'] as User).seen === inHandler ? inHandler : 'different ones' };
          },
          UseGuards(AuthGuard(strategy)),
        ),
      ],
    },
    ask: async (client) => (await client.send('/row', sending)).body['seen'] as Seen,
  }));

type SignedIn = Request & { user?: User };

export const passports: Subject = {
  about: 'Passport',
  rows: [
    guarded('local', {
      body: JSON.stringify({ username: 'somebody', password: 'something' }),
      headers: { 'content-type': 'application/json' },
    }),
    guarded('jwt', { headers: { authorization: `Bearer ${token}` } }),
    overHttp(
      'Passport in a session: `deserializeUser` and the handler',
      'right',
      () => ({
        metadata: {
          controllers: [
            handle(async ({ adapted }) => {
              const request = adapted.request as unknown as SignedIn;
              const { user } = request;
              if (user) return { seen: user.seen === seen() ? seen() : 'different ones' };
              await new Promise<void>((resolve, reject) =>
                request.login({}, (error) => (error ? reject(error) : resolve())),
              );
              return { seen: seen() };
            }),
          ],
        },
        prepare: (app) => {
          const own = new passport.Passport();
          own.serializeUser((_, done) => done(null, 'somebody'));
          own.deserializeUser((_, done) => done(null, { seen: seen() }));
          app.use(session({ secret: SECRET, resave: false, saveUninitialized: false }));
          app.use(own.initialize());
          app.use(own.session());
        },
        ask: async (client) => (await client.send('/row')).body['seen'] as Seen,
      }),
      { adapters: ['express'] },
    ),
  ],
};
