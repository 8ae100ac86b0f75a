import { expect, test } from 'vitest'
import { childEnv } from '../../../src/plan/child-env.js'

test('a program that lasts has neither a secret in its environment, nor what leads to another Ceph cluster', () => {
  const secrets = { cifs_password: { env: 'PASSWORD' }, other: { file: '/key' } }
  const env = { HOME: '/root', PASSWORD: 'hidden', CEPH_ARGS: '--id x', CEPH_CONF: '/a', CEPH_KEYRING: '/b' }
  expect(childEnv(env, { secrets })).toEqual({ HOME: '/root' })
})
