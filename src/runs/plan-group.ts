import { loadProfile } from '../config/profiles.js'
import { RapidoError } from '../errors.js'
import { planRun, type RunPlan, type Surroundings } from './plan-run.js'

/** One machine of a run. */
export interface Member {
  role: string | undefined // what it is called among others; undefined: it is alone
  plan: RunPlan
}

/** The machines that a profile stands for, by role: itself, itself `count` times, or the members of a group. */
export async function membersOf(
  name: string,
  from: Surroundings,
  { count = 1 }: { count?: number | undefined } = {},
): Promise<{ role: string | undefined; profile: string }[]> {
  const { group } = await loadProfile(name, from)
  const members = Object.entries(group).map(([role, profile]) => ({ role, profile }))
  if (members.length > 0) {
    if (count === 1) return members
    throw new RapidoError('usage', `profile "${name}" is a group: it has as many machines as it names, not -n ${count}`)
  }
  if (count === 1) return [{ role: undefined, profile: name }]
  return Array.from({ length: count }, (_, index) => ({ role: String(index + 1), profile: name }))
}

/** The finished plans of all machines that a profile stands for. Throws as planRun does. */
export async function planMembers(
  name: string,
  from: Surroundings,
  options: { signal?: AbortSignal; count?: number | undefined } = {},
): Promise<Member[]> {
  const members = await membersOf(name, from, options)
  const plans = new Map<string, RunPlan>()
  for (const { profile } of members) {
    if (!plans.has(profile)) plans.set(profile, await planRun(profile, from, options))
  }
  return members.map(({ role, profile }) => ({ role, plan: plans.get(profile) as RunPlan }))
}
