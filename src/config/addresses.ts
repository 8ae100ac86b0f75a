import { Address4, Address6 } from 'ip-address'

/** Why a text is not the address of one host in a network that has room for others; undefined where it is. */
export function hostAddressProblem(written: string, family: 4 | 6): string | undefined {
  const Address = family === 4 ? Address4 : Address6
  if (!/\/\d+$/.test(written)) return 'lacks the length of its network'
  if (!Address.isValid(written)) return `is no IPv${family} address`
  const address = new Address(written)
  const bits = family === 4 ? 32 : 128
  if (address.subnetMask > bits - 2) return 'leaves no room for others in its network'
  if (address.bigInt() === address.startAddress().bigInt()) return 'is the address of the network itself'
  if (family === 4 && address.bigInt() === address.endAddress().bigInt())
    return 'is the broadcast address of its network'
  return undefined
}

/** The nth address of the network that an address is in, with the length of its prefix; undefined beyond its end. */
export function nthAddress(network: string, n: number): string | undefined {
  const { Address, first, last, length } = rangeOf(network)
  const wanted = first + BigInt(n)
  return wanted < last ? `${Address.fromBigInt(wanted).correctForm()}/${length}` : undefined
}

function rangeOf(network: string) {
  let range = ranges.get(network)
  if (range === undefined) {
    const Address = network.includes(':') ? Address6 : Address4
    const address = new Address(network)
    const [first, last] = [address.startAddress().bigInt(), address.endAddress().bigInt()]
    range = { Address, first, last, length: address.subnetMask }
    ranges.set(network, range)
  }
  return range
}

/** Each network is parsed once: who plans one VM asks for the addresses of a hundred. */
const ranges = new Map<
  string,
  { Address: typeof Address4 | typeof Address6; first: bigint; last: bigint; length: number }
>()

/** The same address, so many networks of its size further on: "10.0.0.7/24" and 2 give "10.0.2.7/24"; undefined past the last. */
export function inLaterNetwork(address: string, n: number): string | undefined {
  const Address = address.includes(':') ? Address6 : Address4
  const parsed = new Address(address)
  const size = parsed.endAddress().bigInt() - parsed.startAddress().bigInt() + 1n
  const wanted = parsed.bigInt() + BigInt(n) * size
  if (wanted >= 1n << (Address === Address6 ? 128n : 32n)) return undefined
  return `${Address.fromBigInt(wanted).correctForm()}/${parsed.subnetMask}`
}

/** "192.168.155.1/24" is in the network "192.168.155.0/24". */
export function networkOf(address: string): string {
  const parsed = new (address.includes(':') ? Address6 : Address4)(address)
  return `${parsed.startAddress().correctForm()}/${parsed.subnetMask}`
}

/** Whether two networks, or addresses with theirs, have an address in common. */
export function overlap(one: string, other: string): boolean {
  if (one.includes(':') !== other.includes(':')) return false
  const Address = one.includes(':') ? Address6 : Address4
  const [a, b] = [new Address(one), new Address(other)]
  return a.startAddress().bigInt() <= b.endAddress().bigInt() && b.startAddress().bigInt() <= a.endAddress().bigInt()
}

/** Why a text is not two IPv4 addresses, "192.168.155.200,192.168.155.250", the lower one first; undefined where it is. */
export function addressRangeProblem(written: string): string | undefined {
  const ends = written.split(',')
  if (ends.length !== 2 || ends.some((end) => end.includes('/') || !Address4.isValid(end))) {
    return 'is no range of IPv4 addresses'
  }
  const [start, end] = ends.map((address) => new Address4(address).bigInt()) as [bigint, bigint]
  return start > end ? 'ends before it starts' : undefined
}

/** Without the length of the prefix. */
export function bareAddress(address: string): string {
  return address.replace(/\/\d+$/, '')
}
