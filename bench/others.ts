import { readFileSync } from 'node:fs';
import { endedChildrenSeconds, machineSeconds } from './cpu.ts';

/** Processors, as a share of those there are, that others may take before a run says nothing any more. */
const bearable = 0.05;

/**
 * Who else was at work: processors that others than this process and what it started took since, on average. Read when all
 * that was started has ended.
 */
export function watchOthers(): () => number {
  const began = performance.now();
  const before = othersSeconds();
  return () => Math.max(0, ((othersSeconds() - before) * 1000) / (performance.now() - began));
}

function othersSeconds(): number {
  const { user, system } = process.cpuUsage();
  return machineSeconds(readFileSync('/proc/stat', 'utf8')) - (user + system) / 1e6 - endedChildrenSeconds();
}

/** Says how quiet the machine was. */
export function othersText(others: number, cores: number): string {
  const text = `others took ${others.toFixed(2)} of ${cores} processors`;
  return others > bearable * cores ? `${text}: too much for this run to mean anything` : text;
}
