/** In QEMU's option strings a comma in a value is written twice (qemu(1)). */
export function quoted(value: string): string {
  return value.replaceAll(',', ',,')
}
