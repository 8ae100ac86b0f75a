/**
 * Everything that depends on the architecture of the kernel under test, in one table. Only x86-64 is there yet; a row
 * more, and what the type asks for, is what another one takes (the agent has its own: system call numbers).
 */
export interface Arch {
  name: string // as uname -m has it
  imageNames: string[] // of the bootable image, below a kernel tree
  qemu: string // the default binary
  machine: string // -machine
  emulatedCpu: string // -cpu where there is no KVM
  console: string // the kernel's console=
  serialChannel: string // the guest's tty of the second serial port
  gdbArch: string // gdb's `set architecture`
  oDirect: number // O_DIRECT of open(2)
}

const x86_64: Arch = {
  name: 'x86_64',
  imageNames: ['arch/x86/boot/bzImage', 'arch/x86_64/boot/bzImage'],
  qemu: 'qemu-system-x86_64',
  // On `pc` ACPI code works out the interrupt of each PCI device anew, 0.1 s where there is no KVM; here it has a table.
  machine: 'q35,sata=off,smbus=off',
  // Programs of distributions want x86-64-v2. Five levels of page tables only cost time, and so does ERMS: with it the kernel
  // copies and clears memory a byte at a step, where emulation takes as long for eight (docs/decisions/0018-slow-under-emulation.md).
  emulatedCpu: 'max,la57=off,erms=off',
  console: 'ttyS0,115200',
  serialChannel: 'ttyS1',
  gdbArch: 'i386:x86-64',
  oDirect: 0o40000,
}

export const arch: Arch = x86_64
