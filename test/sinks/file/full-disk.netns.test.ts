import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import openFile from '../../../sinks/file/file.js';
import { accepted, events, oneTo, seqs, sinkOptions, until } from '../records.js';

const withSmallDisk = async (work: (folder: string) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), `routetap-full-${process.pid}-`));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]);
  try {
    await work(folder);
  } finally {
    execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true });
  }
};

test('a full disk tears no line, loses no record that fits the queue, and is reported once', async () => {
  await withSmallDisk(async (folder) => {
    const path = join(folder, 'out');
    const ballast = join(folder, 'ballast');
    const warnings: string[] = [];
    writeFileSync(ballast, Buffer.alloc(48_000));
    const sink = await openFile(sinkOptions(path, {}, warnings));
    sink.write(events(60));
    await until('the disk to be full', () => sink.counters.failed >= 2);
    expect(sink.counters.queued).toBeGreaterThan(0);
    expect(accepted(sink.counters)).toBe(60);
    const whole = readFileSync(path, 'utf8');
    expect(whole.endsWith('\n')).toBe(true);
    expect(seqs(whole)).toEqual(oneTo(sink.counters.written));
    rmSync(ballast);
    await until('the rest', () => sink.counters.queued === 0);
    await sink.close();
    expect(seqs(readFileSync(path, 'utf8'))).toEqual(oneTo(60));
    expect(sink.counters).toMatchObject({ written: 60, dropped: 0 });
    expect(warnings).toEqual([
      expect.stringContaining('no space left on device (ENOSPC)'),
      expect.stringContaining('takes records again'),
    ]);
  });
});

test('a disk that stays full makes the queue drop, counted, and does not hold up close', async () => {
  await withSmallDisk(async (folder) => {
    const path = join(folder, 'out');
    const sink = await openFile(sinkOptions(path, { queue: '32k' }));
    let given = 0;
    const give = () => {
      sink.write(events(10, given + 1));
      given += 10;
    };
    await until('the disk to be full', () => {
      give();
      return sink.counters.failed > 0;
    });
    for (let more = 0; more < 20; more += 1) give();
    expect(sink.counters.dropped).toBeGreaterThan(0);
    expect(accepted(sink.counters)).toBe(given);
    await sink.close();
    expect(sink.counters.queued).toBe(0);
    expect(accepted(sink.counters)).toBe(given);
    expect(seqs(readFileSync(path, 'utf8')).length).toBe(sink.counters.written);
  });
});
