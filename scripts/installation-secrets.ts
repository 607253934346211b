/** What a command that looks at an installation from outside must know of its secrets. */
import { loadSecrets, type Secrets } from './secrets.ts';

export type InstallationSecrets = Omit<Secrets, 'tokenKey'> & Partial<Pick<Secrets, 'tokenKey'>>;

/**
 * The environment's, where it has the INTERNAL_SECRET, as in a container; otherwise those of the data directory. Secrets
 * that the environment does not have are empty.
 */
export async function installationSecrets(
  dataDir: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<InstallationSecrets> {
  const internalSecret = environment['INTERNAL_SECRET'];
  if (!internalSecret) return loadSecrets(dataDir);
  return {
    internalSecret,
    sandboxApiKey: environment['SANDBOX_API_KEY'] ?? '',
    sandboxWebhookSecret: environment['SANDBOX_WEBHOOK_SECRET'] ?? '',
  };
}
