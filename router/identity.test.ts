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

const inAnHour = (): number => Math.floor(Date.now() / 1000) + 3_600;

async function newKey(kid: string, alg = 'ES256') {
  const { publicKey, privateKey } = await generateKeyPair(alg);
  /** Claims replace the usual ones; those that are undefined are left out. */
  const sign = (claims: Record<string, unknown> = {}, header: object = { kid }) =>
    new SignJWT({ sub: 'alice', iss: issuer, aud: audience, exp: inAnHour(), ...claims })
      .setProtectedHeader({ alg, ...header })
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

type Forgery = (key: Awaited<ReturnType<typeof newKey>>) => string | Promise<string>;
const claimsWith =
  (claims: Record<string, unknown>): Forgery =>
  (key) =>
    key.sign(claims);
const signedAs = (header: { alg: string; kid?: string }, secret: Uint8Array): Promise<string> =>
  new SignJWT({ sub: 'alice', iss: issuer, aud: audience, exp: Date.now() })
    .setProtectedHeader(header)
    .sign(secret)
    .then((token) => `Bearer ${token}`);
const edited = async (token: Promise<string>, part: 0 | 1 | 2, text: string): Promise<string> => {
  const parts = (await token).split('.');
  parts[part] = part === 0 ? `Bearer ${text}` : text;
  return parts.join('.');
};
const encoded = (value: unknown): string =>
  Buffer.from(JSON.stringify(value)).toString('base64url');
const seconds = (ms: number): number => Math.floor((Date.now() + ms) / 1000);

const forgeries: Record<string, Forgery> = {
  'no Bearer': async (key) => (await key.sign()).replace('Bearer', 'Basic'),
  'no token': () => 'Bearer ',
  'two words': async (key) => `${await key.sign()} x`,
  'not three parts': () => 'Bearer abc.def',
  'not base64': () => 'Bearer ?.?.?',
  'no signature, as the header says': (key) => edited(key.sign(), 0, encoded({ alg: 'none' })),
  'no signature': (key) => edited(key.sign(), 2, ''),
  'another signature': (key) => edited(key.sign(), 2, 'A'.repeat(86)),
  'other claims than were signed': (key) =>
    edited(
      key.sign(),
      1,
      encoded({ sub: 'bob', iss: issuer, aud: audience, exp: seconds(60_000) }),
    ),
  'the public key used as a shared secret': (key) =>
    signedAs({ alg: 'HS256', kid: '1' }, Buffer.from(JSON.stringify(key.jwk))),
  'a shared secret that the set has': () => signedAs({ alg: 'HS256', kid: 'x' }, sharedSecret),
  'a key of somebody else under a known id': async () => (await newKey('1')).sign(),
  'an id that is not known': async () => (await newKey('2')).sign(),
  'another issuer': claimsWith({ iss: 'https://other.test' }),
  'another audience': claimsWith({ aud: 'other' }),
  'a time that is over': claimsWith({ exp: seconds(-60_000) }),
  'a time that has not come': claimsWith({ nbf: seconds(60_000) }),
  'no end': claimsWith({ exp: undefined }),
  'an end that is no number': claimsWith({ exp: 'soon' }),
  nobody: claimsWith({ sub: undefined }),
  'an empty name': claimsWith({ sub: '' }),
  'a name of 256 characters': claimsWith({ sub: 'x'.repeat(256) }),
  'a role that is none': claimsWith({ role: 'root' }),
  'scopes that are no text': claimsWith({ scope: ['a'] }),
};
const sharedSecret = Buffer.from('secret-secret-secret-secret-secret');

test.each(Object.keys(forgeries))('a token with %s is refused', async (name) => {
  const file = join(await mkdtemp(join(tmpdir(), 'keys-')), 'jwks.json');
  const key = await newKey('1');
  const shared = { kty: 'oct', kid: 'x', alg: 'HS256', k: sharedSecret.toString('base64url') };
  await writeFile(file, jwks(key.jwk, shared));
  const identify = createIdentify({ keys: fileKeySet(file), issuer, audience });
  const token = await forgeries[name]?.(key);
  await expect(identify(token)).rejects.toEqual(code('UNAUTHENTICATED'));
  // Neither is it kept, nor does it spoil anything for others.
  await expect(identify(token)).rejects.toEqual(code('UNAUTHENTICATED'));
  expect((await identify(await key.sign())).identity.subject).toBe('alice');
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

/** An issuer whose keys and manners can be changed. */
async function startIssuer(first: string) {
  const state = { answer: first, status: 200, requests: 0 };
  const server = createServer((_request, response) => {
    state.requests += 1;
    response.writeHead(state.status, { 'content-type': 'application/json' }).end(state.answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(async () => void (await stop()));
  const url = `http://127.0.0.1:${portOf(server)}/jwks`;
  return {
    state,
    stop,
    identify: () => createIdentify({ keys: remoteKeySet(url), issuer, audience }),
  };
}

function moveClock() {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  return (ms: number) => void vi.setSystemTime(Date.now() + ms);
}

test('keys come from an address too, and an issuer that is away is not the caller’s fault', async () => {
  const key = await newKey('1');
  const there = await startIssuer(jwks(key.jwk));
  const token = await key.sign();
  expect((await there.identify()(token)).identity.subject).toBe('alice');
  await there.stop();
  await expect(there.identify()(token)).rejects.toEqual(code('SERVICE_UNAVAILABLE'));
  const missing = createIdentify({ keys: fileKeySet('/nowhere/jwks.json'), issuer, audience });
  await expect(missing(token)).rejects.toEqual(code('SERVICE_UNAVAILABLE'));
});

test('tokens with ids that nobody knows make the keys be read once a second at most', async () => {
  const forward = moveClock();
  const key = await newKey('1');
  const { state, identify: open } = await startIssuer(jwks(key.jwk));
  const identify = open();
  await identify(await key.sign());
  const forged = await Promise.all(Array.from({ length: 30 }, (_, i) => newKey(`f${i}`)));
  const attack = () => Promise.allSettled(forged.map(async (each) => identify(await each.sign())));
  await attack();
  expect(state.requests).toBe(1);
  forward(1_500);
  await attack();
  expect(state.requests).toBe(2);
});

test('known keys are believed while the issuer is away or answers rubbish, but not for ever', async () => {
  const forward = moveClock();
  const key = await newKey('1');
  const { state, identify: open } = await startIssuer(jwks(key.jwk));
  const identify = open();
  const token = await key.sign({ exp: inAnHour() + 24 * 3_600 });
  await identify(token);
  for (const [status, answer] of [
    [503, 'no'],
    [200, '<html>'],
    [200, '{"keys":[]}'],
    [200, '{"keys":[{}]}'],
    [302, jwks(key.jwk)],
  ] as const) {
    Object.assign(state, { status, answer });
    forward(5 * 60_000);
    expect((await identify(token)).identity.subject).toBe('alice');
  }
  forward(60 * 60_000);
  await expect(identify(token)).rejects.toEqual(code('SERVICE_UNAVAILABLE'));
  Object.assign(state, { status: 200, answer: jwks(key.jwk) });
  forward(2_000);
  expect((await identify(token)).identity.subject).toBe('alice');
});

test('a key that was taken back is believed for a minute at most, also of a token that was seen before', async () => {
  const forward = moveClock();
  const [old, young] = [await newKey('old'), await newKey('young')];
  const { state, identify: open } = await startIssuer(jwks(old.jwk));
  const identify = open();
  const token = await old.sign();
  await identify(token);
  await identify(token);
  state.answer = jwks(young.jwk);
  forward(61_000);
  await identify(token);
  await vi.waitFor(() => expect(identify(token)).rejects.toEqual(code('UNAUTHENTICATED')));
  const quiet = open();
  await quiet(await young.sign());
  state.answer = jwks(old.jwk);
  forward(3 * 60_000);
  await expect(quiet(await young.sign())).rejects.toEqual(code('UNAUTHENTICATED'));
});

test('a token that was seen before ends when it ends', async () => {
  const forward = moveClock();
  const key = await newKey('1');
  const { identify: open } = await startIssuer(jwks(key.jwk));
  const identify = open();
  const token = await key.sign({ exp: seconds(30_000) });
  for (let i = 0; i < 3; i += 1) await identify(token);
  forward(40_000);
  await expect(identify(token)).rejects.toEqual(code('UNAUTHENTICATED'));
});

test('a token that names no key may be of any of them, and of no other', async () => {
  const [one, other, foreign] = [await newKey('1'), await newKey('2'), await newKey('3')];
  const { identify: open } = await startIssuer(jwks(one.jwk, other.jwk));
  const identify = open();
  for (const key of [one, other]) {
    expect((await identify(await key.sign({}, {}))).identity.subject).toBe('alice');
  }
  await expect(identify(await foreign.sign({}, {}))).rejects.toEqual(code('UNAUTHENTICATED'));
  await expect(identify(await other.sign({ aud: 'x' }, {}))).rejects.toEqual(
    code('UNAUTHENTICATED'),
  );
});
