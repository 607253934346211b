/** The secrets of a development installation: made once, kept in its data directory, readable by its owner alone. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { z } from 'zod';

const keySchema = z.looseObject({ kty: z.string(), kid: z.string(), alg: z.literal('ES256') });
const secretsSchema = z.object({
  internalSecret: z.string().min(32),
  sandboxApiKey: z.string(),
  sandboxWebhookSecret: z.string(),
  /** With which `npm run token` signs. */
  tokenKey: keySchema,
});

export type Secrets = z.infer<typeof secretsSchema>;

export const developmentIssuer = 'https://issuer.ordergraph.example';
export const developmentAudience = 'ordergraph';

/** Reads the secrets of a data directory, making them at the first call; also writes the public keys to `jwks.json`. */
export async function loadSecrets(dataDir: string): Promise<Secrets> {
  const file = join(dataDir, 'secrets.json');
  const known = await readFile(file, 'utf8').catch(() => undefined);
  if (known) return secretsSchema.parse(JSON.parse(known));
  await mkdir(dataDir, { recursive: true });
  const secrets = await makeSecrets();
  const publicKey: Record<string, unknown> = { ...secrets.tokenKey };
  delete publicKey['d'];
  await writeAtomically(jwksFile(dataDir), JSON.stringify({ keys: [publicKey] }), 0o644);
  await writeAtomically(file, JSON.stringify(secrets), 0o600);
  return secrets;
}

export function jwksFile(dataDir: string): string {
  return join(dataDir, 'jwks.json');
}

async function makeSecrets(): Promise<Secrets> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  return secretsSchema.parse({
    internalSecret: randomBytes(32).toString('base64url'),
    sandboxApiKey: `sk_sandbox_${randomBytes(18).toString('base64url')}`,
    sandboxWebhookSecret: `whsec_${randomBytes(24).toString('base64url')}`,
    tokenKey: { ...jwk, kid: 'development', alg: 'ES256', use: 'sig' },
  });
}

async function writeAtomically(file: string, text: string, mode: number): Promise<void> {
  const draft = `${file}.${process.pid}.new`;
  await writeFile(draft, text, { mode });
  await rename(draft, file);
}
