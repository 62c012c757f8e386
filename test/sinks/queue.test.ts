import { describe, expect, test } from '@jest/globals';
import { RecordQueue } from '../../sinks/queue.js';
import { accepted } from './records.js';

describe('RecordQueue', () => {
  test('drops and counts the newest record when it is full', () => {
    const queue = new RecordQueue(10);
    for (const text of ['aaaa', 'bbbb', 'cccc', 'dd']) queue.push(text);
    expect(queue.peek(100)).toEqual(['aaaa', 'bbbb', 'dd']);
    expect(queue).toMatchObject({ written: 0, dropped: 1, queued: 3, bytes: 10 });
  });

  test('counts bytes of UTF-8, not characters', () => {
    const queue = new RecordQueue(10);
    queue.push('äöü€');
    queue.push('x');
    queue.push('y');
    expect(queue).toMatchObject({ bytes: 10, queued: 2, dropped: 1 });
  });

  test('takes a record larger than itself when nothing else waits', () => {
    const queue = new RecordQueue(4);
    queue.push('larger');
    queue.push('x');
    expect(queue).toMatchObject({ queued: 1, dropped: 1 });
    expect(queue.peek(1)).toEqual(['larger']);
  });

  test('peeks at whole records within the bytes asked for and keeps them', () => {
    const queue = new RecordQueue();
    for (const text of ['aa', 'bb', 'cc']) queue.push(text);
    expect(queue.peek(5)).toEqual(['aa', 'bb']);
    expect(queue.peek(5)).toEqual(['aa', 'bb']);
    expect(queue.peek(100, 1)).toEqual(['aa']);
    expect(queue.nextBytes).toBe(2);
  });

  test('keeps written + dropped + queued equal to what it was given through 100,000 steps', () => {
    const queue = new RecordQueue(5000);
    let given = 0;
    let random = 7;
    for (let step = 0; step < 100_000; step += 1) {
      random = (random * 1_103_515_245 + 12_345) % 2_147_483_648;
      if (random % 3 !== 0) {
        queue.push('x'.repeat(random % 90));
        given += 1;
      } else if (random % 7 !== 0) queue.wrote(Math.min(queue.queued, random % 4));
      else queue.giveUp(Math.min(queue.queued, random % 3));
      if (accepted(queue) !== given) throw new Error(`law broken at step ${step}`);
    }
    expect(queue.dropped).toBeGreaterThan(0);
    expect(queue.peek(Infinity).join('').length).toBe(queue.bytes);
    queue.giveUp();
    expect(queue).toMatchObject({ queued: 0, bytes: 0 });
    expect(accepted(queue)).toBe(given);
  });

  test('says when what was queued at the moment of asking is gone, whatever came later', async () => {
    const queue = new RecordQueue();
    queue.push('a');
    queue.push('b');
    let isSettled = false;
    const settled = queue.settled(10_000).then((value) => {
      isSettled = value;
    });
    queue.push('c');
    queue.wrote(1);
    await Promise.resolve();
    expect(isSettled).toBe(false);
    queue.giveUp(1);
    await settled;
    expect(isSettled).toBe(true);
    expect(queue.queued).toBe(1);
  });

  test('stops waiting after the time given', async () => {
    const queue = new RecordQueue();
    queue.push('a');
    expect(await queue.settled(5)).toBe(false);
    queue.wrote(1);
    expect(await queue.settled(5)).toBe(true);
  });
});
