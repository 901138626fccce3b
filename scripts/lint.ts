/**
 * `npm run lint` and, with `--fix`, `npm run fix`. The same steps run as tests (test/house/lint.test.ts), so `npm test`
 * covers them.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { argv, env, execPath, exit } from 'node:process';

const root = path.dirname(import.meta.dirname);

interface LintStep {
  readonly name: string;
  /** Tool in node_modules/.bin, or a script of ours ending in `.ts`; then its arguments. */
  readonly check: readonly [string, ...string[]];
  readonly fix?: readonly [string, ...string[]];
}

/** Every check, cheapest first. */
export const lintSteps: readonly LintStep[] = [
  { name: 'generated files are fresh', check: ['scripts/gen.ts', '--check'], fix: ['scripts/gen.ts'] },
  { name: 'types', check: ['tsc', '--noEmit'] },
  { name: 'types of the landing page', check: ['tsc', '-p', 'playground/tsconfig.json'] },
  {
    name: 'format and base rules (biome)',
    check: ['biome', 'check', '--colors=off', '--error-on-warnings'],
    fix: ['biome', 'check', '--colors=off', '--write'],
  },
  {
    name: 'type-aware rules (oxlint)',
    check: ['oxlint', '--type-aware', '--deny-warnings'],
    fix: ['oxlint', '--type-aware', '--fix'],
  },
  { name: 'nothing unused (knip)', check: ['knip'] },
];

/** Runs one tool to its end. `output` holds both of its streams in colourless text. */
export function runTool(command: readonly [string, ...string[]]): {
  readonly ok: boolean;
  readonly output: string;
} {
  const [tool, ...rest] = command;
  const program = tool.endsWith('.ts') ? [execPath, tool] : [path.join(root, 'node_modules/.bin', tool)];
  const { status, stdout, stderr, error } = spawnSync(program[0]!, [...program.slice(1), ...rest], {
    cwd: root,
    encoding: 'utf8',
    env: { ...env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { ok: status === 0, output: error?.message ?? stdout + stderr };
}

if (import.meta.main) {
  const fixing = argv.includes('--fix');
  let failed = 0;
  for (const step of lintSteps) {
    const { ok, output } = runTool((fixing && step.fix) || step.check);
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${step.name}`);
    if (ok) continue;
    failed += 1;
    console.log(output);
  }
  exit(failed === 0 ? 0 : 1);
}
