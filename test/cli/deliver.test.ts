import { describe, expect, test } from '@jest/globals';
import { Delivery } from '../../cli/deliver.js';
import { event, guarded, MemorySink, status } from './records.js';

const everything = (): boolean => true;
const events = (count: number) => Array.from({ length: count }, (_, n) => event(`10.0.${n}.0/24`));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);

describe('delivery to sinks', () => {
  test('numbers what passes the filter from 1 without holes, for every sink', () => {
    const sinks = [new MemorySink('a'), new MemorySink('b')];
    const delivery = new Delivery(
      (record) => record.type !== 'route' || !record.route.dst.startsWith('10.0.1.'),
      sinks.map(guarded),
      null,
    );
    delivery.take([status('watching'), ...events(3)]);
    delivery.take(events(2));
    for (const sink of sinks) {
      expect(sink.seqs).toEqual([1, 2, 3, 4]);
      expect(sink.records[0]?.time).toBe('2026-01-01T00:00:00.000000001Z');
    }
  });

  test('counts only route events and keeps later ones out, but not a status', () => {
    const sink = new MemorySink();
    const delivery = new Delivery(everything, [guarded(sink)], 3);
    delivery.take([status('watching'), ...events(2)]);
    expect(delivery.isEnough).toBe(false);
    delivery.take([...events(5), status('stop')]);
    expect(delivery.isEnough).toBe(true);
    expect(delivery.events).toBe(3);
    expect(sink.records.map(({ type }) => type)).toEqual([
      'status',
      'route',
      'route',
      'route',
      'status',
    ]);
  });

  test('a lone sink that dropped sees the hole and then a gap record of its size', () => {
    const sink = new MemorySink('slow');
    const delivery = new Delivery(everything, [guarded(sink)], null);
    sink.room = 4;
    delivery.take(events(10));
    delivery.tellGaps();
    expect(sink.seqs).toEqual(upTo(4));
    sink.drain();
    delivery.tellGaps();
    delivery.take(events(1));
    expect(sink.seqs).toEqual([1, 2, 3, 4, 11, 12]);
    expect(sink.records[4]).toMatchObject({
      type: 'gap',
      source: 'sink:slow',
      lost: 6,
      reason: 'queue-full',
      zone: null,
      host: 'r1',
    });
  });

  test('the others are told at once, each sink has its own numbers without other holes', () => {
    const slow = new MemorySink('slow');
    const other = new MemorySink('other');
    const delivery = new Delivery(everything, [slow, other].map(guarded), null);
    slow.room = 4;
    delivery.take(events(10));
    delivery.tellGaps();
    expect(other.records.at(-1)).toMatchObject({
      type: 'gap',
      source: 'sink:slow',
      lost: 6,
      seq: 11,
    });
    delivery.take(events(1));
    expect(other.seqs).toEqual(upTo(12));
    slow.drain();
    delivery.tellGaps();
    delivery.take(events(2));
    expect(other.seqs).toEqual(upTo(15));
    const [gap] = slow.records.filter(({ type }) => type === 'gap');
    // 10 were dropped down to 4, then one more while there was no room.
    expect(gap).toMatchObject({ lost: 7, seq: 12 });
    expect(slow.seqs).toEqual([1, 2, 3, 4, 12, 13, 14]);
  });

  test('delivered and lost add up to what happened, whatever the pace', () => {
    const slow = new MemorySink('slow');
    const delivery = new Delivery(everything, [guarded(slow), guarded(new MemorySink())], null);
    slow.room = 5;
    for (let round = 0; round < 50; round += 1) {
      delivery.take(events((round * 7) % 11));
      if (round % 3 === 0) slow.drain();
      if (round % 2 === 0) delivery.tellGaps();
    }
    slow.drain();
    slow.room = Infinity;
    delivery.tellGaps();
    delivery.take([status('stop')]);
    let told = 0;
    let lost = 0;
    let before = 0;
    for (const record of slow.records) {
      lost += record.seq - before - 1;
      if (record.type === 'gap') told += record.lost ?? 0;
      before = record.seq;
    }
    expect(told).toBe(slow.counters.dropped);
    expect(lost).toBe(told);
    expect(told).toBeGreaterThan(0);
  });

  test('at the end every loss is told and every sink is closed', async () => {
    const sink = new MemorySink('slow');
    const delivery = new Delivery(everything, [guarded(sink)], null);
    sink.room = 2;
    delivery.take(events(5));
    await delivery.finish();
    expect(sink.records.at(-1)).toMatchObject({ type: 'gap', lost: 3 });
    expect(sink.isClosedByStream).toBe(true);
  });

  test('a sink whose reader is gone is left alone', () => {
    const gone = new MemorySink('gone');
    const other = new MemorySink('other');
    const delivery = new Delivery(everything, [gone, other].map(guarded), null);
    gone.closed = true;
    delivery.take(events(3));
    delivery.tellGaps();
    expect(gone.records).toEqual([]);
    expect(other.seqs).toEqual([1, 2, 3]);
  });
});
