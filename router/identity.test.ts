import { createServer } from 'node:http';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createIdentify } from './identity.ts';
import { fileKeySet, remoteKeySet } from './key-set.ts';
import { portOf } from './test/ports.ts';

const issuer = 'https://issuer.test';
const audience = 'ordergraph';

async function newKey(kid: string, alg = 'ES256') {
  const { publicKey, privateKey } = await generateKeyPair(alg);
  const sign = (claims: Record<string, unknown> = {}) =>
    new SignJWT({ sub: 'alice', ...claims })
      .setProtectedHeader({ alg, kid })
      .setIssuer(issuer)
      .setAudience(audience)
      .setExpirationTime('1h')
      .sign(privateKey)
      .then((token) => `Bearer ${token}`);
  return { jwk: { ...(await exportJWK(publicKey)), kid, alg }, sign };
}

const jwks = (...keys: readonly object[]) => JSON.stringify({ keys });
const code = (value: string) => expect.objectContaining({ extensions: { code: value } });

test.each(['RS256', 'ES256', 'EdDSA'])('a token signed with %s names the caller', async (alg) => {
  const file = join(await mkdtemp(join(tmpdir(), 'keys-')), 'jwks.json');
  const key = await newKey('1', alg);
  await writeFile(file, jwks(key.jwk));
  const identify = createIdentify({ keys: fileKeySet(file), issuer, audience });
  const caller = await identify(await key.sign({ role: 'staff', scope: 'a  b' }));
  expect(caller.identity).toEqual({ subject: 'alice', role: 'staff', scopes: ['a', 'b'] });
  expect(caller.expiresAtMs).toBeGreaterThan(Date.now());
});

test('a secret shared with the issuer is no signature', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'keys-')), 'jwks.json');
  const key = await newKey('1');
  await writeFile(
    file,
    jwks(key.jwk, {
      kty: 'oct',
      kid: 'x',
      alg: 'HS256',
      k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0',
    }),
  );
  const identify = createIdentify({ keys: fileKeySet(file), issuer, audience });
  const forged = await new SignJWT({ sub: 'alice' })
    .setProtectedHeader({ alg: 'HS256', kid: 'x' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setExpirationTime('1h')
    .sign(Buffer.from('secret-secret-secret-secret'));
  await expect(identify(`Bearer ${forged}`)).rejects.toEqual(code('UNAUTHENTICATED'));
});

test('a rotated key in the file is believed, and the one taken out no longer', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const file = join(await mkdtemp(join(tmpdir(), 'keys-')), 'jwks.json');
  const [old, young] = [await newKey('old'), await newKey('young')];
  await writeFile(file, jwks(old.jwk));
  const identify = createIdentify({ keys: fileKeySet(file), issuer, audience });
  const [oldToken, youngToken] = [await old.sign(), await young.sign()];
  await identify(oldToken);
  await writeFile(file, jwks(young.jwk));
  vi.setSystemTime(Date.now() + 2_000);
  expect((await identify(youngToken)).identity.subject).toBe('alice');
  await expect(identify(oldToken)).rejects.toEqual(code('UNAUTHENTICATED'));
});

test('keys come from an address too, and an issuer that is away is not the caller’s fault', async () => {
  const key = await newKey('1');
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(jwks(key.jwk));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${portOf(server)}/jwks`;
  const token = await key.sign();
  const there = createIdentify({ keys: remoteKeySet(url), issuer, audience });
  expect((await there(token)).identity.subject).toBe('alice');
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const away = createIdentify({ keys: remoteKeySet(url), issuer, audience });
  await expect(away(token)).rejects.toEqual(code('SERVICE_UNAVAILABLE'));
  const missing = createIdentify({ keys: fileKeySet('/nowhere/jwks.json'), issuer, audience });
  await expect(missing(token)).rejects.toEqual(code('SERVICE_UNAVAILABLE'));
});
