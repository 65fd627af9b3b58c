/**
 * Approves the hooks of a run's own home, as its user would in `/hooks`: asks the app-server what it found and stores
 * the hashes it names. Versions without that request run hooks without asking.
 */
import { connect } from "./app-server.ts"
import type { CodexHome } from "./home.ts"
import type { Child } from "./processes.ts"

interface ListedHook {
  readonly key: string
  readonly currentHash?: string
}

/** Gives back how many hooks Codex found. The app-server is `child`'s; it is ended. */
export const approveHooks = async (home: CodexHome, child: Child): Promise<number> => {
  const app = await connect(child)
  try {
    const { data } = await app.peer.request("hooks/list", { cwds: [home.work] })
    const entries = (data ?? []) as ReadonlyArray<{ readonly hooks: ReadonlyArray<ListedHook> }>
    const hooks = entries.flatMap((entry) => entry.hooks).filter((hook) => hook.currentHash !== undefined)
    const trusted = hooks.map((hook) => [
      `[hooks.state.${JSON.stringify(hook.key)}]`,
      `trusted_hash = ${JSON.stringify(hook.currentHash)}`
    ])
    await home.appendConfig(trusted.flat().join("\n"))
    return hooks.length
  } finally {
    await app.quit()
  }
}
