import { describe, expect, test } from '@jest/globals';
import { cgroupPath, containerOf, unitOf } from '../../../core/attribution/cgroup.js';

const HEX = '0123456789abcdef'.repeat(4);
const INNER = 'fedcba9876543210'.repeat(4);

describe('the cgroup path', () => {
  test.each([
    ['0::/system.slice/ssh.service\n', '/system.slice/ssh.service'],
    ['0::/\n', '/'],
    ['12:pids:/a\n1:name=systemd:/b\n0::/c\n', '/c'],
    ['12:pids:/a\n1:name=systemd:/b\n0::/\n', '/b'],
    ['12:pids:/a\n11:cpu,cpuacct:/b\n', '/a'],
    ['12:pids:/\n11:cpu,cpuacct:/b\n0::/\n', '/b'],
    ['12:pids:/\n1:name=systemd:/\n0::/\n', '/'],
    ['0::/with:colon/and space\n', '/with:colon/and space'],
    ['0::/system.slice/x.service (deleted)\n', '/system.slice/x.service'],
    ['/system.slice/x.service', '/system.slice/x.service'],
    ['0::/../../outside\n', '/../../outside'],
  ])('of %j is %j', (text, path) => {
    expect(cgroupPath(text)).toBe(path);
  });

  test.each(['', '\n', 'nonsense', '0:/missing-colon', ':::', 'x::/a'])('of %j is null', (text) => {
    expect(cgroupPath(text)).toBeNull();
  });
});

describe('the unit', () => {
  test.each([
    ['/system.slice/ssh.service', 'ssh.service'],
    ['/user.slice/user-1000.slice/user@1000.service/app.slice/foo.service', 'foo.service'],
    ['/user.slice/user-1000.slice/session-3.scope', 'session-3.scope'],
    ['/system.slice/system-getty.slice/getty@tty1.service', 'getty@tty1.service'],
    ['/system.slice/docker.socket', 'docker.socket'],
    ['/init.scope', 'init.scope'],
    ['/system.slice/dev-disk\\x2dby.swap', 'dev-disk-by.swap'],
    ['/system.slice/caf\\xc3\\xa9.service', 'café.service'],
    ['/system.slice/_cgroup.service', 'cgroup.service'],
    ['/system.slice/foo.service/worker/1', 'foo.service'],
    [`/system.slice/docker-${HEX}.scope/system.slice/cron.service`, 'cron.service'],
  ])('of %s is %s', (path, unit) => {
    expect(unitOf(path)).toBe(unit);
  });

  test.each(['/', '', '/user.slice', '/docker/abc', '/.service', '/service', '/foo.services'])(
    'of %j is null',
    (path) => {
      expect(unitOf(path)).toBeNull();
    },
  );
});

describe('the container', () => {
  test.each([
    [`/system.slice/docker-${HEX}.scope`, HEX],
    [`/docker/${HEX}`, HEX],
    [`/docker/${HEX}/init`, HEX],
    [`/docker/${HEX}/docker/${INNER}`, INNER],
    [`/kubepods.slice/kubepods-pod1.slice/cri-containerd-${HEX}.scope`, HEX],
    [`/kubepods.slice/kubepods-besteffort.slice/crio-${HEX}.scope`, HEX],
    [`/kubepods/burstable/pod6a2b/${HEX}`, HEX],
    [`/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:${HEX}`, HEX],
    [`/machine.slice/libpod-${HEX}.scope/container`, HEX],
    [`/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${HEX}.scope`, HEX],
    [`/system.slice/web.service/libpod-payload-${HEX}`, HEX],
    [`/ecs/${'a1'.repeat(16)}/${HEX}`, HEX],
    [`/ecs/${'a1'.repeat(16)}/${'a1'.repeat(16)}-1234567890`, `${'a1'.repeat(16)}-1234567890`],
    ['/lxc/web/init.scope', 'web'],
    ['/lxc/101/ns/system.slice/ssh.service', '101'],
    ['/lxc.payload/web/system.slice/ssh.service', 'web'],
    ['/lxc.payload.web/system.slice/ssh.service', 'web'],
    ['/machine.slice/machine-deb\\x2d12.scope/payload/init.scope', 'deb-12'],
    ['/machine.slice/machine-web.scope', 'web'],
    ['/machine.slice/systemd-nspawn@web.service/payload/init.scope', 'web'],
  ])('of %s is %s', (path, container) => {
    expect(containerOf(path)).toBe(container);
  });

  test.each([
    '/',
    '/system.slice/docker.service',
    '/system.slice/docker-proxy.service',
    `/machine.slice/libpod-conmon-${HEX}.scope`,
    `/system.slice/crio-conmon-${HEX}.scope`,
    '/lxc.monitor.web',
    '/machine.slice/machine-qemu\\x2d1\\x2dvm.scope',
    '/machine.slice/machine-web.scope/supervisor',
    '/machine.slice/systemd-nspawn@web.service/supervisor',
    `/user/${'a1'.repeat(16)}`,
  ])('of %s is null', (path) => {
    expect(containerOf(path)).toBeNull();
  });
});
