/** A router over the test's subgraphs, an issuer of tokens, and a client. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '@ordergraph/platform/config.ts';
import { createLogger } from '@ordergraph/platform/logger.ts';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { request } from 'undici';
import { isRecord } from '../request.ts';
import { routerService } from '../service.ts';
import { secret, startSubgraphs } from './subgraphs.ts';

const issuer = 'https://issuer.test';
const audience = 'ordergraph';

export type Answer = {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of every shape
  readonly body: any;
};

export type Issuer = {
  readonly file: string;
  token(claims?: Record<string, unknown>, expiresInSeconds?: number): Promise<string>;
  /** Replaces the key; the old one is no longer in the file. */
  rotate(): Promise<void>;
};

/** A router over the test's own subgraphs. */
export async function startTestRouter(environment: Record<string, string> = {}) {
  const subgraphs = await startSubgraphs();
  const router = await startRouterOver(subgraphs.supergraphSdl, environment);
  return {
    ...subgraphs,
    ...router,
    stop: async () => {
      await router.stop();
      await Promise.all([subgraphs.order.stop(), subgraphs.payment.stop()]);
    },
  };
}

export async function startRouterOver(
  supergraphSdl: string,
  environment: Record<string, string> = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'router-'));
  const supergraphFile = join(folder, 'supergraph.graphql');
  await writeFile(supergraphFile, supergraphSdl);
  const tokens = await startIssuer(join(folder, 'jwks.json'));
  const lines: string[] = [];
  const start = (more: Record<string, string> = {}) =>
    routerService.start(
      readConfig(routerService.configuration, {
        PORT: '0',
        NODE_ENV: 'test',
        SUPERGRAPH_FILE: supergraphFile,
        INTERNAL_SECRET: secret,
        JWKS_FILE: tokens.file,
        JWT_ISSUER: issuer,
        JWT_AUDIENCE: audience,
        SUBGRAPH_TIMEOUT_MS: '1000',
        ...environment,
        ...more,
      }),
      createLogger('router', 'info', { write: (line: string) => void lines.push(line) }),
    );
  const router = await start();
  return {
    tokens,
    router,
    url: router.url,
    /** A further router over the same subgraphs. */
    start,
    /** Puts another supergraph in the file, and resolves when the router has read it. */
    change: async (sdl: string) => {
      await writeFile(supergraphFile, sdl);
      await router.reload?.();
    },
    supergraphFile,
    /** What the router logged. */
    lines,
    stop: async () => {
      await router.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** Posts an operation; `headers` are added to the client's usual ones. */
export function post(
  url: string,
  query: string,
  options: { readonly variables?: object; readonly headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { variables, headers } = options;
  return send(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, ...(variables ? { variables } : {}) }),
  });
}

export async function send(url: string, options: Parameters<typeof request>[1]): Promise<Answer> {
  const response = await request(url, options);
  const text = await response.body.text();
  return { status: response.statusCode, headers: response.headers, text, body: parsed(text) };
}

async function startIssuer(file: string): Promise<Issuer> {
  let key: CryptoKey;
  let keyId = 0;
  const rotate = async () => {
    keyId += 1;
    const pair = await generateKeyPair('ES256');
    key = pair.privateKey;
    const jwk = { ...(await exportJWK(pair.publicKey)), kid: String(keyId), alg: 'ES256' };
    await writeFile(file, JSON.stringify({ keys: [jwk] }));
  };
  await rotate();
  return {
    file,
    rotate,
    token: (claims = {}, expiresInSeconds = 3_600) =>
      new SignJWT({ sub: 'alice', role: 'customer', scope: 'a:read b:write', ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: String(keyId) })
        .setIssuer(typeof claims['iss'] === 'string' ? claims['iss'] : issuer)
        .setAudience(typeof claims['aud'] === 'string' ? claims['aud'] : audience)
        .setExpirationTime(Math.floor(Date.now() / 1000) + expiresInSeconds)
        .sign(key),
  };
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
