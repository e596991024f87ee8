import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify<string, Buffer, number, Buffer>(scrypt);

/** `salt.key`, both in base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, 32);
  return `${salt.toString('base64url')}.${key.toString('base64url')}`;
}

export async function isPassword(password: string, hash: string): Promise<boolean> {
  const [salt, expected] = hash.split('.').map((part) => Buffer.from(part, 'base64url'));
  if (!salt || !expected) return false;
  const derived = await derive(password, salt, 32);
  return expected.length === derived.length && timingSafeEqual(expected, derived);
}
