import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LineQueue } from '../../sinks/line-queue.js';
import { accepted } from './records.js';

const itself = { line: (line: string): string => line };

const queueOf = (maxBytes?: number): LineQueue<string> => new LineQueue(itself, maxBytes);

const text = (views: readonly Buffer[]): string => Buffer.concat(views).toString();

const waiting = (queue: LineQueue<string>): string => text(queue.peek(Infinity));

describe('LineQueue', () => {
  test('drops and counts the newest record when it is full', () => {
    const queue = queueOf(10);
    queue.push(['aaa\n', 'bbb\n', 'ccc\n', 'd\n']);
    expect(waiting(queue)).toBe('aaa\nbbb\nd\n');
    expect(queue).toMatchObject({ written: 0, dropped: 1, queued: 3, bytes: 10 });
  });

  test('counts bytes of UTF-8, not characters', () => {
    const queue = queueOf(11);
    queue.push(['äöü€\n', 'x\n', '\n']);
    expect(queue).toMatchObject({ bytes: 11, queued: 2, dropped: 1 });
    expect(waiting(queue)).toBe('äöü€\n\n');
  });

  test('takes a record larger than itself when nothing else waits', () => {
    const queue = queueOf(4);
    queue.push(['larger\n', 'x\n']);
    expect(queue).toMatchObject({ queued: 1, dropped: 1, nextBytes: 7 });
    expect(text(queue.peek(1))).toBe('larger\n');
  });

  test('takes a record larger than any chunk between small ones', () => {
    const queue = queueOf();
    const large = `${'€'.repeat(200_000)}\n`;
    queue.push(['a\n', large, 'b\n']);
    expect(waiting(queue)).toBe(`a\n${large}b\n`);
    expect(queue.wrote(2 + 600_001 + 1)).toBe(1);
    expect(queue).toMatchObject({ written: 2, queued: 1, bytes: 2 });
  });

  test('peeks at whole records within the bytes asked for and keeps them', () => {
    const queue = queueOf();
    queue.push(['a\n', 'b\n', 'c\n']);
    expect(text(queue.peek(5))).toBe('a\nb\n');
    expect(text(queue.peek(4, 1))).toBe('\nb\n');
    expect(queue).toMatchObject({ queued: 3, nextBytes: 2 });
  });

  test('counts a record as written when the target has all of its bytes', () => {
    const queue = queueOf();
    queue.push(['aaa\n', 'b€\n', 'ccc\n']);
    expect(queue.wrote(3)).toBe(3);
    expect(queue).toMatchObject({ written: 0, queued: 3, bytes: 13 });
    expect(queue.wrote(4)).toBe(0);
    expect(queue.wrote(4)).toBe(4);
    expect(queue.wrote(5)).toBe(0);
    expect(queue).toMatchObject({ written: 2, queued: 1, bytes: 4 });
    expect(waiting(queue)).toBe('ccc\n');
  });

  test('takes in what came before a record that can not be made a line', () => {
    const queue = new LineQueue<number>({
      line: (item) => {
        if (item === 3) throw new Error('no');
        return `${item}\n`;
      },
    });
    expect(() => {
      queue.push([1, 2, 3, 4]);
    }).toThrow('no');
    expect(text(queue.peek(Infinity))).toBe('1\n2\n');
    expect(queue.queued).toBe(2);
  });

  test('hands on every record once, in order, and keeps written + dropped + queued equal to what it was given', () => {
    const line = fc
      .tuple(fc.constantFrom('x', 'é', '€', '😀', '\ud800'), fc.integer({ min: 0, max: 3000 }))
      .map(([character, count]) => character.repeat(count));
    const step = fc.oneof(
      fc.record({ push: fc.array(line, { maxLength: 40 }) }),
      fc.record({ write: fc.integer({ min: 0, max: 400_000 }), part: fc.integer({ max: 100 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom(20_000, 1e9), (steps, max) => {
        const queue = queueOf(max);
        let given = 0;
        let begun = 0;
        let expected = '';
        let got = '';
        for (const one of steps) {
          if ('push' in one) {
            for (const body of one.push) {
              const [item, { dropped }] = [`${(given += 1)} ${body}\n`, queue];
              queue.push([item]);
              if (queue.dropped === dropped) expected += Buffer.from(item).toString('latin1');
            }
          } else {
            const bytes = Buffer.concat(queue.peek(one.write, begun));
            const done = Math.max(0, bytes.length - Math.max(0, one.part));
            got += bytes.toString('latin1', 0, done);
            begun = queue.wrote(begun + done);
          }
          expect(accepted(queue)).toBe(given);
        }
        got += Buffer.concat(queue.peek(Infinity, begun)).toString('latin1');
        expect(got === expected).toBe(true);
        expect(queue.bytes).toBe(Buffer.concat(queue.peek(Infinity)).length);
        const { queued, dropped } = queue;
        queue.giveUp();
        expect(queue).toMatchObject({ queued: 0, bytes: 0, dropped: dropped + queued });
      }),
    );
  });

  test('takes many records at once as it takes them one by one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 400 }), { maxLength: 300 }),
        fc.constantFrom(4096, 20_000, 1e9),
        (bodies, max) => {
          const lines = bodies.map((body) => `${body.replaceAll('\n', ' ')}\n`);
          const [all, each] = [queueOf(max), queueOf(max)];
          all.push(lines);
          for (const line of lines) each.push([line]);
          expect(waiting(all)).toBe(waiting(each));
          expect([all.queued, all.dropped, all.bytes]).toEqual([
            each.queued,
            each.dropped,
            each.bytes,
          ]);
        },
      ),
    );
  });

  test('takes in the same by the quick way where there is one, in the same order', () => {
    const quick = new LineQueue<string>(
      {
        line: itself.line,
        put: (line, bytes, at) => {
          const size = Buffer.byteLength(line);
          if (line.startsWith('s') || at + size > bytes.length) return -1;
          return at + Buffer.from(bytes.buffer).write(line, at);
        },
      },
      60_000,
    );
    const slow = queueOf(60_000);
    const lines = Array.from({ length: 300 }, (_, index) => {
      const body = 'é'.repeat((index * 37) % 300);
      return `${index % 7 === 0 ? 's' : 'q'}${index} ${index % 50 === 0 ? body.repeat(40) : body}\n`;
    });
    for (const queue of [quick, slow]) queue.push(lines);
    expect(waiting(quick)).toBe(waiting(slow));
    expect(quick.dropped).toBeGreaterThan(0);
    expect([quick.queued, quick.dropped, quick.bytes]).toEqual([
      slow.queued,
      slow.dropped,
      slow.bytes,
    ]);
  });

  test('does not touch what a write is reading while records come in behind it', () => {
    const queue = queueOf();
    const lines = Array.from({ length: 5000 }, (_, index) => `${index} ${'x'.repeat(200)}\n`);
    queue.push(lines.slice(0, 2000));
    const views = queue.peek(Infinity);
    queue.push(lines.slice(2000));
    expect(text(views)).toBe(lines.slice(0, 2000).join(''));
    queue.wrote(Buffer.concat(views).length);
    expect(waiting(queue)).toBe(lines.slice(2000).join(''));
  });

  test('says when what was queued at the moment of asking is gone, whatever came later', async () => {
    const queue = queueOf();
    queue.push(['a\n', 'b\n']);
    let isSettled = false;
    const settled = queue.settled(10_000).then((value) => {
      isSettled = value;
    });
    queue.push(['c\n']);
    queue.wrote(2);
    await Promise.resolve();
    expect(isSettled).toBe(false);
    queue.wrote(2);
    await settled;
    expect(isSettled).toBe(true);
    expect(queue.queued).toBe(1);
  });

  test('stops waiting after the time given', async () => {
    const queue = queueOf();
    queue.push(['a\n']);
    expect(await queue.settled(5)).toBe(false);
    queue.wrote(2);
    expect(await queue.settled(5)).toBe(true);
  });
});
