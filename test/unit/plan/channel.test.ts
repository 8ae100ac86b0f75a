import { expect, test } from 'vitest'
import { planChannel } from '../../../src/plan/channel.js'

test.each<[string | undefined, 'virtio' | 'serial']>([
  [undefined, 'virtio'], // a kernel that does not tell
  ['CONFIG_VIRTIO_PCI=m\nCONFIG_VIRTIO_CONSOLE=m\n', 'virtio'],
  ['CONFIG_VIRTIO_PCI=y\nCONFIG_VIRTIO_CONSOLE=y\n', 'virtio'],
  ['CONFIG_VIRTIO_PCI=y\n# CONFIG_VIRTIO_CONSOLE is not set\n', 'serial'],
  ['CONFIG_VIRTIO_CONSOLE=y\n', 'serial'],
  ['CONFIG_SERIAL_8250=y\n', 'serial'],
])('a kernel with %j has its channel on %s', (config, kind) => {
  expect(planChannel(config === undefined ? {} : { config })).toEqual({ kind })
})
