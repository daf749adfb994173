import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { Node } from '../../kit/node.ts'

/** Which end of a connection is whose stands nowhere else. */
export const noProc = !existsSync('/proc/net/tcp') && 'there is no /proc'

/** Which program holds the connection that comes from this port of this machine; asked while it is open. */
export const senderAt = (port: number, nodes: readonly Node[]): Node | undefined => {
  const inode = inodeOf(port)
  return inode === undefined ? undefined : nodes.find((node) => holdsSocket(node.pid(), inode))
}

const inodeOf = (port: number): string | undefined => {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n')) {
    const [, local, , , , , , , , inode] = line.trim().split(/\s+/)
    if (local?.endsWith(wanted) && inode !== '0') return inode
  }
  return undefined
}

const holdsSocket = (pid: number | undefined, inode: string): boolean => {
  try {
    return readdirSync(`/proc/${pid}/fd`).some(
      (fd) => targetOf(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`,
    )
  } catch {
    return false
  }
}

/** Closed meanwhile, it has none. */
const targetOf = (link: string): string | undefined => {
  try {
    return readlinkSync(link)
  } catch {
    return undefined
  }
}
