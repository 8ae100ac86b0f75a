import { optionOfDriver } from './driver-options.js'
import type { KernelPlan } from './kernel.js'
import { kernelHas, moduleName } from './kernel-contents.js'

/** Where a kernel has a driver. `maybe`: nothing tells what is built in. */
export type FoundDriver = 'module' | 'builtin' | 'maybe' | 'nowhere'

/** Looks a driver up by its module's name. */
export function findDriver(kernel: KernelPlan, name: string): FoundDriver {
  const driver = moduleName(name)
  if (kernel.modules.has(driver)) return 'module'
  if (kernel.builtin?.has(driver)) return 'builtin'
  const option = optionOf(driver, kernel)
  if (option !== undefined && kernelHas(kernel, option) === 'y') return 'builtin' // it has no tristate, or the list is old
  return kernel.builtin === undefined && option === undefined ? 'maybe' : 'nowhere'
}

/** Why a kernel lacks a driver, for people. */
export function whyNoDriver(kernel: KernelPlan, name: string): string {
  const option = optionOf(moduleName(name), kernel)
  const nowhere = `kernel ${kernel.release} has it neither as a module nor built in`
  if (option === undefined) return nowhere
  const set = kernelHas(kernel, option)
  if (set === 'n') return `CONFIG_${option} is off in kernel ${kernel.release}`
  if (set !== 'm') return `${nowhere} (CONFIG_${option})`
  return kernel.src === undefined
    ? `CONFIG_${option}=m, but it is not in ${kernel.modulesDir}; another package of the kernel may have it`
    : `CONFIG_${option}=m, but it is not in ${kernel.modulesDir}; run \`make modules_install\` again`
}

function optionOf(driver: string, kernel: KernelPlan): string | undefined {
  const known = optionOfDriver(driver)
  if (known !== undefined) return known
  const likely = driver.toUpperCase()
  return kernel.config?.includes(`CONFIG_${likely}=`) || kernel.config?.includes(`# CONFIG_${likely} is not set`)
    ? likely
    : undefined
}
