import { z } from 'zod'
import { integer, size, text } from './kinds.js'
import { setting } from './setting.js'

// The faults of a Ceph cluster, for fault-verbs.ts. Daemons are those of the throwaway one; the others work on any.

const osd = setting(integer({ from: 0, to: 15 }), { meaning: 'The number of an OSD.', example: 0 })
const onOsd = z.strictObject({ osd })
const onCluster = z.strictObject({})
const mds = (unset: string) => setting(text().optional(), { meaning: 'The name of an MDS.', example: 'a', unset })

export const cephFaultVerbs = {
  'osd-kill': { about: 'Kills an OSD at once', undo: 'osd-start', schema: onOsd },
  'osd-stop': { about: 'Stops an OSD (SIGSTOP): it is there, and answers nobody', undo: 'osd-start', schema: onOsd },
  'osd-start': { about: 'Starts an OSD that was killed, or lets a stopped one go on', undo: undefined, schema: onOsd },
  'osd-pause': { about: 'Pauses all reads and writes of the cluster', undo: 'osd-unpause', schema: onCluster },
  'osd-unpause': { about: 'Lets them go on', undo: undefined, schema: onCluster },
  'mon-kill': { about: 'Kills the monitor at once', undo: 'mon-start', schema: onCluster },
  'mon-start': { about: 'Starts it again', undo: undefined, schema: onCluster },
  'mds-kill': {
    about: 'Kills an MDS at once; one that stands by takes over',
    undo: 'mds-start',
    schema: z.strictObject({ mds: mds('the active one') }),
  },
  'mds-start': {
    about: 'Starts an MDS that was killed',
    undo: undefined,
    schema: z.strictObject({ mds: mds('all that are dead') }),
  },
  'mds-fail': {
    about: 'Takes the rank from the active MDS, as an administrator does: one that stands by takes over',
    undo: undefined,
    schema: onCluster,
  },
  'client-blocklist': {
    about: "Shuts the VM's clients out of the cluster: mounts and maps, as they are now",
    undo: 'client-allow',
    schema: onCluster,
  },
  'client-allow': { about: 'Lets them in again', undo: undefined, schema: onCluster },
  'client-evict': { about: "Ends the VM's sessions with the active MDS", undo: undefined, schema: onCluster },
  'pool-quota': {
    about: 'Lets a pool hold no more than so much; without a size, as much as it wants',
    undo: 'pool-quota',
    schema: z.strictObject({
      pool: setting(text(), { meaning: 'A pool.', example: 'rbd' }),
      size: setting(size({ fromMiB: 1 }).optional(), { meaning: 'The most.', example: '64M', unset: 'no limit' }),
    }),
  },
} as const

export type CephFaultVerb = keyof typeof cephFaultVerbs
