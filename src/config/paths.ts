import { isAbsolute, join, resolve } from 'node:path'

/** Where the user's own folders are. */
export interface UserFolders {
  home: string
  env: Readonly<Record<string, string | undefined>>
}

/** An absolute path for one from a file: `~/` is the home folder, what is relative starts at `folder`. */
export function resolvePath(path: string, from: { folder: string; home: string }): string {
  if (path === '~') return from.home
  return path.startsWith('~/') ? resolve(join(from.home, path.slice(2))) : resolve(from.folder, path)
}

/** rapido's folder below one of the XDG base folders; a relative one in the environment is ignored, as XDG asks. */
export function xdgFolder(kind: keyof typeof xdgDefaults, user: UserFolders): string {
  const named = user.env[kind]
  const base = named !== undefined && isAbsolute(named) ? named : join(user.home, xdgDefaults[kind])
  return join(base, 'rapido')
}

const xdgDefaults = {
  XDG_CONFIG_HOME: '.config',
  XDG_STATE_HOME: '.local/state',
  XDG_CACHE_HOME: '.cache',
} as const
