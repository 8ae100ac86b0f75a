import { optionOfDriver } from './driver-options.js'
import type { KernelPlan } from './kernel.js'
import { kernelHas, moduleName } from './kernel-contents.js'

/** Where a kernel has a driver. `maybe`: nothing tells what is built in. */
export type FoundDriver = 'module' | 'builtin' | 'maybe' | 'nowhere'

/** Looks a driver up by its module's name; `=drivers/usb` is dracut's word for all modules of that folder. */
export function findDriver(kernel: KernelPlan, name: string): FoundDriver {
  if (name.startsWith('=')) {
    const folder = `kernel/${name.slice(1)}/`
    return [...kernel.modules.values()].some((file) => file.startsWith(folder)) ? 'module' : 'nowhere'
  }
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
  if (option === undefined) return 'neither a module nor built in'
  const set = kernelHas(kernel, option)
  if (set === 'n') return `CONFIG_${option} is off`
  if (set === 'm' && kernel.src !== undefined) {
    return `CONFIG_${option}=m, but it is not among the installed modules: \`make modules_install\` again`
  }
  if (set === 'm')
    return `CONFIG_${option}=m, but there is no such module in ${kernel.modulesDir}: its package has it apart`
  return `neither a module nor built in (CONFIG_${option})`
}

function optionOf(driver: string, kernel: KernelPlan): string | undefined {
  const known = optionOfDriver(driver)
  if (known !== undefined) return known
  const likely = driver.toUpperCase()
  return kernel.config?.includes(`CONFIG_${likely}=`) || kernel.config?.includes(`# CONFIG_${likely} is not set`)
    ? likely
    : undefined
}
