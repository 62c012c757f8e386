import { describe, expect, test } from '@jest/globals';
import { cut, messageFormatter, type MessageFormat } from '../../../sinks/syslog/message.js';
import { defaultSeverities, facility, severities } from '../../../sinks/syslog/priority.js';
import { msgId, structuredData, timestamp } from '../../../sinks/syslog/rfc5424.js';
import { rfc3164, timestamp3164 } from '../../../sinks/syslog/rfc3164.js';
import { newlineFramed, octetCounted } from '../../../sinks/syslog/stream.js';
import type { RoutetapRecord } from '../../../core/event.js';
import { added } from '../records.js';

const format = (members: Partial<MessageFormat> = {}): ((record: RoutetapRecord) => string) =>
  messageFormatter({
    format: 'rfc5424',
    message: 'text',
    facility: 16,
    severities: defaultSeverities,
    appName: 'routetap',
    sdId: 'routetap@32473',
    isLocal: false,
    full: false,
    raw: false,
    style: {},
    maxBytes: 8192,
    ...members,
  });

const gap: RoutetapRecord = {
  v: 1,
  type: 'gap',
  seq: 2,
  time: '2026-11-22T14:21:06.148835123Z',
  timeNs: 1_795_875_666_148_835_123n,
  host: 'r1',
  source: 'rtnetlink',
  lost: 7,
  zone: null,
  reason: 'overrun',
};

describe('RFC 5424 messages', () => {
  test('carry the header, structured data and the text line without its time', () => {
    const { time } = added(1);
    expect(format()(added(1))).toMatch(
      new RegExp(
        `^<134>1 ${time.slice(0, 26)}Z r1 routetap ${process.pid} ROUTE-ADD ` +
          String.raw`\[routetap@32473 probe="add" dst="10\.0\.0\.0/24" table="254" protocol="static" type="unicast" ` +
          String.raw`gateway="192\.0\.2\.1" dev="v0" oif="2" zone="4026531840" cause="request" pid="123" comm="ip" seq="1"\] ` +
          String.raw`add +.*10\.0\.0\.0/24`,
      ),
    );
  });

  test('keep six digits of the second, as the RFC allows', () => {
    expect(timestamp('2003-10-11T22:14:15.003Z')).toBe('2003-10-11T22:14:15.003Z');
    expect(timestamp('2003-08-24T05:14:15.000003999Z')).toBe('2003-08-24T05:14:15.000003Z');
  });

  test('escape quotes, backslashes and brackets in structured data, and control characters', () => {
    const { process: by } = added(1);
    const record = added(1, { process: by === null ? null : { ...by, comm: 'a"b]c\nd' } });
    expect(structuredData(record, 'x@1')).toContain(String.raw` comm="a\"b\]c\\x0ad" `);
    const slash = added(1, { zone: { id: 1, name: 'back\\slash' } });
    expect(structuredData(slash, 'x@1')).toContain(String.raw`zone="back\\\\slash"`);
  });

  test('put the BOM before a message that is not plain ASCII, and only there', () => {
    const zone = { id: 1, name: 'zürich' };
    expect(format({ style: { showZone: true } })(added(1, { zone }))).toContain('] \ufeffadd');
    expect(format()(added(1))).not.toContain('\ufeff');
  });

  test('name every kind of record in MSGID', () => {
    expect(msgId(added(1, { probe: 'redirect' }))).toBe('ROUTE-REDIRECT');
    expect(msgId(gap)).toBe('GAP');
    expect(format()(gap)).toMatch(
      /^<132>1 .* GAP \[routetap@32473 source="rtnetlink" reason="overrun" lost="7" seq="2"\] gap/,
    );
  });

  test('write NILVALUE for a host name that has nothing printable', () => {
    expect(format()(added(1, { host: 'ü ' }))).toMatch(/^<134>1 \S+ - routetap /);
  });

  test('carry JSON when asked to', () => {
    const message = format({ message: 'json' })(added(5));
    expect(JSON.parse(message.slice(message.indexOf('] {') + 2))).toMatchObject({
      seq: 5,
      probe: 'add',
    });
  });

  test('are cut at a whole character', () => {
    expect(cut('ab€d', 4)).toBe('ab');
    expect(cut('ab€d', 5)).toBe('ab€');
    expect(cut('ab€d', 6)).toBe('ab€d');
    const long = added(1, { zone: { id: 1, name: '€'.repeat(2000) } });
    expect(Buffer.byteLength(format({ maxBytes: 1000 })(long))).toBeLessThanOrEqual(1000);
  });
});

describe('RFC 3164 messages', () => {
  const options = { priority: () => 34, appName: 'su', procId: '1', sdId: '', isLocal: false };
  const at = BigInt(new Date(2026, 9, 3, 22, 4, 15).getTime()) * 1_000_000n;

  test('have the old time in local time, with a blank before a one-digit day', () => {
    expect(timestamp3164(at)).toBe('Oct  3 22:04:15');
  });

  test('name the host on the network and not on the local socket', () => {
    const record = added(1, { timeNs: at, host: 'mymachine' });
    expect(rfc3164(record, 'text', options)).toBe('<34>Oct  3 22:04:15 mymachine su[1]: text');
    expect(rfc3164(record, 'text', { ...options, isLocal: true })).toBe(
      '<34>Oct  3 22:04:15 su[1]: text',
    );
  });
});

describe('priorities', () => {
  test('come from the facility and a severity by kind of record', () => {
    expect(facility('facility', 'local7')).toBe(23);
    const some = severities('severity', 'delete:warning,add:debug');
    expect([some.get('delete'), some.get('add'), some.get('gap')]).toEqual([4, 7, 4]);
    const all = severities('severity', 'err');
    expect([...all.values()].every((code) => code === 3)).toBe(true);
    expect(format({ severities: some, facility: 3 })(added(1))).toMatch(/^<31>/);
  });

  test.each([
    ['warn', 'severity: no severity "warn"'],
    ['dele:warning', 'did you mean delete?'],
    ['delete:', 'no severity ""'],
  ])('refuse the severity %j', (text, message) => {
    expect(() => severities('severity', text)).toThrow(message);
  });

  test('refuse an unknown facility', () => {
    expect(() => facility('sink syslog: facility', 'locl0')).toThrow('(did you mean local0?)');
  });
});

test('framing counts bytes, or ends with a newline (RFC 6587)', () => {
  expect(octetCounted('<1>1 é')).toBe('7 <1>1 é');
  expect(newlineFramed('<1>x')).toBe('<1>x\n');
});
