/** Which tracer this is. Owns nothing: package.json says it. */
import pkg from "../package.json" with { type: "json" }

/** The version of this executable, as package.json says. */
export const version: string = pkg.version
