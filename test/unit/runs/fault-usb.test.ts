import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { UsbFaultVerb } from '../../../src/config/usb-fault-verbs.js'
import { faultUsb } from '../../../src/runs/fault-usb.js'
import type { Command, ExecResult } from '../../../src/runs/vm.js'

// The script of the guest runs here, on plain files in place of those of configfs and sysfs: what is written to them has no
// effect but that it is there.

let folder: string
const controller = 'udc/dummy_udc.0'
const udc = 'gadget/g/UDC'
const lun = 'gadget/g/functions/mass_storage.usb0/lun.0'
const hostsEnd = 'udc/dummy_udc.0/dummy_hcd.0/usb1/1-1/bConfigurationValue'

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rapido-usb-'))
  mkdirSync(join(folder, controller, 'device'), { recursive: true })
})

afterEach(() => rmSync(folder, { recursive: true }))

function files(contents: Record<string, string>): void {
  for (const [name, content] of Object.entries(contents)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content === '' ? '' : `${content}\n`)
  }
}

const content = (name: string) => readFileSync(join(folder, name), 'utf8').trim()

const env = () => ({
  PATH: process.env.PATH,
  HOME: folder, // bash reads .bashrc where its standard input is a socket
  RAPIDO_USB_GADGETS: join(folder, 'gadget'),
  RAPIDO_UDCS: join(folder, 'udc'),
  RAPIDO_USB_EJECTED: join(folder, 'ejected'),
  RAPIDO_USB_PATIENCE: '0',
})

async function exec(command: Command): Promise<ExecResult> {
  const [file = '', ...args] = command
  try {
    return { status: 0, ...(await promisify(execFile)(file, args, { env: env() })) }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { status: code, stdout, stderr }
  }
}

const fault = (verb: UsbFaultVerb) => faultUsb({ verb }, { number: 1, exec })

describe('the cable', () => {
  test('is pulled, and the controller is told so', async () => {
    files({ [udc]: 'dummy_udc.0' })
    await fault('usb-unplug')
    expect(content(udc)).toBe('')
  })

  test('is plugged into the controller that is free', async () => {
    files({ [udc]: '', 'gadget/other/UDC': 'dummy_udc.0', 'udc/dummy_udc.1/device/x': '' })
    files({ 'udc/dummy_udc.1/dummy_hcd.1/usb2/2-1/bConfigurationValue': '1' })
    await fault('usb-plug')
    expect(content(udc)).toBe('dummy_udc.1')
  })

  test('over IP, is plugged in once it is bound: the host comes by itself', async () => {
    rmSync(join(folder, controller), { recursive: true })
    files({ [udc]: '', 'udc/usbip-vudc.0/device/usbip_status': '1' })
    await fault('usb-plug')
    expect(content(udc)).toBe('usbip-vudc.0')
  })
})

test('the medium is taken out, and the same one is put in again', async () => {
  files({ [udc]: 'dummy_udc.0', [`${lun}/file`]: '/dev/mapper/a disk' })
  await fault('usb-eject')
  expect(content(`${lun}/file`)).toBe('')
  await fault('usb-insert')
  expect(content(`${lun}/file`)).toBe('/dev/mapper/a disk')
})

const bound = { [udc]: 'dummy_udc.0' }
const unbound = { [udc]: '' }

test.each<[string, UsbFaultVerb, Record<string, string>, string]>([
  ['without a gadget', 'usb-unplug', {}, 'usb-unplug: vm1 has no USB gadget'],
  ['unplugged already', 'usb-unplug', unbound, 'usb-unplug: vm1 has its USB gadget unplugged already'],
  ['plugged in', 'usb-plug', bound, 'usb-plug: vm1 has its USB gadget plugged in'],
  ['no disk', 'usb-eject', bound, 'usb-eject: vm1 has a USB gadget that is no disk'],
  ['no medium', 'usb-eject', { ...bound, [`${lun}/file`]: '' }, 'usb-eject: vm1 has no medium in its USB disk'],
  ['none ejected', 'usb-insert', { ...bound, [`${lun}/file`]: '/d' }, 'usb-insert: vm1 has had no medium ejected'],
])('%s: %s is refused', async (_, verb, contents, message) => {
  files(contents)
  await expect(fault(verb)).rejects.toMatchObject({ code: 'usage', message })
})

test.each<[string, UsbFaultVerb, Record<string, string>, RegExp]>([
  ['the host still has it', 'usb-unplug', { ...bound, [hostsEnd]: '1' }, /vm1 has its USB device in use still/],
  ['no host sets it up', 'usb-plug', { ...unbound, [hostsEnd]: '' }, /vm1 has its USB device not set up after 0 s/],
  ['it is not let go', 'usb-eject', { ...bound, [`${lun}/file`]: '/d', [`${lun}/forced_eject`]: '' }, /\/d in its USB/],
  ['no controller', 'usb-plug', { ...unbound, 'gadget/h/UDC': 'dummy_udc.0' }, /vm1 has no free USB device controller/],
])('%s: %s has had no effect', async (_, verb, contents, message) => {
  files(contents)
  await expect(fault(verb)).rejects.toMatchObject({ code: 'host', message: expect.stringMatching(message) })
})
