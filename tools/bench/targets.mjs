import { inTurns } from './rows.mjs'

const profiles = ['lio', 'open-iscsi', 'usb-gadget']

const cold = ['--set', 'snapshot.use=never']

/** How long SCSI targets, their initiator and a USB gadget take until boot.sh has ended, beside `simple`. All boot. */
export function targets(rapido) {
  const beside = (what, ours, ratio) => ({ what, unit: 'ms', ours, theirs: 'simple', ratio })
  return {
    title: 'booting targets',
    maxRounds: 3,
    rows: [
      beside('lio ready / simple', 'lio', 2),
      beside('usb-gadget ready / simple', 'gadget', 2),
      beside('open-iscsi logged in / simple', 'initiator', 3),
    ],
    missing: async () => {
      const there = await Promise.all(profiles.map((profile) => rapido.isThere(profile)))
      return there.every(Boolean) ? undefined : 'open-iscsi or usb-storage'
    },
    measure: (rounds, needed) => measure(rounds, { rapido, needed }),
  }
}

async function measure(rounds, { rapido: { succeed, ready, kernel }, needed }) {
  const vm = /^\d+$/m.exec(await succeed(['boot', 'lio', '--detach', ...kernel]))[0]
  const cases = {
    simple: () => ready('simple', ...cold),
    lio: () => ready('lio', ...cold),
    gadget: () => ready('usb-gadget', ...cold),
    initiator: () => ready('open-iscsi', '--set', `iscsi.portal=rapido${vm}`, ...cold),
  }
  try {
    return await inTurns(rounds, cases, needed)
  } finally {
    await succeed(['stop', vm, ...kernel])
  }
}
