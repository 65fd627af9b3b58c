/**
 * What git knows of a session's folder, as facts: from `session_meta`, or asked by us.
 */
import type { JsonObject } from "../wire/json.ts"
import type { gitInfo } from "../wire/transcript.ts"
import { known } from "./row.ts"

/** A repository's address without the credentials that people leave in it: what stands before the last `@` of its host. */
const withoutCredentials = (url: string): string => url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, "$1")

export const gitFacts = (git: ReturnType<typeof gitInfo> | null): JsonObject =>
  known({
    git_branch: git?.branch,
    git_commit_sha: git?.commit_hash,
    git_origin_url: git?.repository_url == null ? undefined : withoutCredentials(git.repository_url)
  })
