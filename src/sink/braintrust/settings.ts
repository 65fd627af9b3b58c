/**
 * Braintrust's settings, by the names that its SDKs and plugins use, from the environment of a session.
 */
import { Effect } from "effect"
import { SinkFailed } from "../failure.ts"
import type { SinkContext } from "../sink.ts"

export interface BraintrustSettings {
  readonly apiKey: string
  readonly project: string
  /** Wins over the project's name. */
  readonly projectId?: string
  /** Data plane: where rows go. Without it, the login tells. */
  readonly apiUrl?: string
  /** Control plane: login. */
  readonly appUrl: string
  readonly orgName?: string
}

const appUrlDefault = "https://www.braintrust.dev"
const projectDefault = "codex"

const isHttp = (url: string): boolean => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)

/** The settings, or what is missing or wrong with which variable. */
export const braintrustSettings = (env: SinkContext["env"]): Effect.Effect<BraintrustSettings, SinkFailed> => {
  const read = (name: string): string | undefined => env[name]?.trim() || undefined
  const wrong = (reason: string, hint: string) =>
    new SinkFailed({ sink: "braintrust", retry: "permanent", reason, hint })
  const apiKey = read("BRAINTRUST_API_KEY")
  if (apiKey === undefined) {
    return wrong("BRAINTRUST_API_KEY is not set", "make a key at https://www.braintrust.dev/app/settings and export it")
  }
  for (const name of ["BRAINTRUST_API_URL", "BRAINTRUST_APP_URL"]) {
    const url = read(name)
    if (url !== undefined && !isHttp(url)) {
      return wrong(`${name} is not an http address: ${url}`, "it should look like https://api.braintrust.dev")
    }
  }
  const [projectId, apiUrl, orgName] = [
    read("BRAINTRUST_PROJECT_ID"),
    read("BRAINTRUST_API_URL"),
    read("BRAINTRUST_ORG_NAME")
  ]
  return Effect.succeed({
    apiKey,
    project: read("BRAINTRUST_PROJECT") ?? read("BRAINTRUST_DEFAULT_PROJECT") ?? projectDefault,
    ...(projectId !== undefined && { projectId }),
    ...(apiUrl !== undefined && { apiUrl }),
    appUrl: read("BRAINTRUST_APP_URL") ?? appUrlDefault,
    ...(orgName !== undefined && { orgName })
  })
}
