import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { DProgramOptions } from '../../../../core/d/program/runtime.js';

/** What a program runs over, and how. */
export interface Header {
  readonly recording: string;
  readonly options: DProgramOptions;
}

/** A program and what it must say. The format is told in README.md. */
export interface Case extends Header {
  readonly topic: string;
  readonly name: string;
  readonly program: string;
  readonly text: string | null;
  readonly errors: readonly string[];
  readonly exit: number | null;
  /** What the one line of refusal must hold; null: the program is taken. */
  readonly refused: readonly string[] | null;
}

interface Section {
  readonly title: string;
  readonly body: string;
}

const lines = (body: string): string[] => body.split('\n').filter((line) => line !== '');

/** `{{1000 (}}` stands for a thousand brackets. */
const expanded = (program: string): string =>
  program.replace(/\{\{(\d+) (.*?)\}\}/g, (_, count: string, text: string) =>
    text.repeat(Number(count)),
  );

function sectionsOf(block: string): Section[] {
  return block
    .split(/^--- /m)
    .slice(1)
    .map((section) => {
      const end = section.indexOf('\n');
      return { title: section.slice(0, end), body: section.slice(end + 1) };
    });
}

/** `RECORDING [loud] [target=PID] [-x OPTION[=VALUE]]… [-- ARGUMENT…]` */
export function headerOf(title: string): Header {
  const [before = '', behind] = title.split(' -- ');
  const words = before.split(' ');
  const [recording = 'none'] = words;
  const options: Record<string, string> = words.includes('loud') ? {} : { quiet: '' };
  for (const [index, word] of words.entries()) {
    if (word !== '-x') continue;
    const [option = '', value = ''] = (words[index + 1] ?? '').split('=');
    options[option] = value;
  }
  const target = words.find((word) => word.startsWith('target='))?.slice('target='.length);
  return {
    recording,
    options: {
      options,
      args: behind === undefined ? [] : behind.split(' '),
      ...(target === undefined ? {} : { target: Number(target) }),
    },
  };
}

function caseOf(topic: string, block: string): Case {
  const name = block.slice(0, block.indexOf('\n'));
  const [first, ...said] = sectionsOf(block.replace(/\n\n$/, '\n'));
  if (first === undefined) throw new Error(`${topic}: no program: ${name}`);
  const header = headerOf(first.title);
  for (const { title } of said) {
    if (!/^(?:text|errors|refused|exit \d+)$/.test(title)) {
      throw new Error(`${topic}: ${name}: expected text, errors, refused or exit, got ${title}`);
    }
  }
  const section = (title: string): string | null =>
    said.find((one) => one.title === title)?.body ?? null;
  const exit = said.find((one) => one.title.startsWith('exit '));
  const refused = section('refused');
  return {
    topic,
    name,
    ...header,
    program: expanded(first.body.replace(/\n$/, '')),
    text: section('text'),
    errors: lines(section('errors') ?? ''),
    exit: exit === undefined ? null : Number(exit.title.slice('exit '.length)),
    refused: refused === null ? null : lines(refused),
  };
}

/** All cases of the folder's `.cases` files. */
export function readCases(folder: string): Case[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.cases'))
    .flatMap((file) => {
      const [, ...blocks] = readFileSync(path.join(folder, file), 'utf8').split(/^=== /m);
      return blocks.map((block) => caseOf(path.basename(file, '.cases'), block));
    });
}
