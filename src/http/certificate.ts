import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { getBuiltinModule } from 'node:process';
import type { SecureContextOptions, Server } from 'node:tls';
import { PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';

/** TLS 1.2 with forward secrecy and authenticated encryption, and TLS 1.3: Mozilla's "intermediate" set without DHE. */
const protocol = {
  minVersion: 'TLSv1.2',
  honorCipherOrder: true,
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
} as const satisfies SecureContextOptions;

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Keeps a TLS server in step with its certificate files. */
export interface Certificate {
  /** Reads the files and gives them to the server. @throws PictorError LISTEN_FAILED */
  load(): Promise<void>;
  /** Loads again whenever a file changes; a pair that does not fit is told as a notice and the old one stays. */
  watch(): void;
  unwatch(): void;
}

export interface CertificateParts extends CertificateFiles {
  readonly server: Server;
  readonly emit: EmitEvent;
  /** How often the files are looked at. */
  readonly intervalMs?: number;
}

/**
 * The files are polled, not watched by the kernel: renewal tools replace directories and symbolic links, which a watch
 * on the old file never notices. Connections that exist keep their certificate.
 */
export function createCertificate({
  certFile,
  keyFile,
  server,
  emit,
  intervalMs = 10_000,
}: CertificateParts): Certificate {
  async function load(): Promise<void> {
    try {
      const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
      const context = { ...protocol, cert, key };
      // Loaded for those who use it, as the servers are.
      getBuiltinModule('node:tls').createSecureContext(context);
      server.setSecureContext(context);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new PictorError('LISTEN_FAILED', {
        detail: `certificate ${certFile}, key ${keyFile}: ${reason}`,
        cause: error,
      });
    }
  }

  const reload = () => {
    load().then(
      () => emit({ type: 'notice', level: 'info', message: 'certificate loaded', facts: { certFile } }),
      (error: PictorError) =>
        emit({
          type: 'notice',
          level: 'warn',
          message: 'certificate not loaded, the old one stays',
          facts: { detail: error.detail },
        }),
    );
  };

  return {
    load,
    watch() {
      for (const file of [certFile, keyFile])
        watchFile(file, { interval: intervalMs, persistent: false }, reload);
    },
    unwatch() {
      for (const file of [certFile, keyFile]) unwatchFile(file, reload);
    },
  };
}
