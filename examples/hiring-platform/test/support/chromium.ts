import { existsSync } from 'node:fs';

const path = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

/** Null, or why there is no browser here and what would bring one. */
export const chromiumMissing = existsSync(path)
  ? null
  : `no Chromium at ${path}: \`apt-get install -y chromium\`, or set CHROMIUM_PATH`;

/** It looks up `*.localhost` by itself, and calls nobody else. */
export const chromium = {
  executablePath: path,
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};
