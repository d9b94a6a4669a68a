/**
 * curl that prints what `url` answers, and nothing but an exit code when it answers an error or not in time. It asks the
 * server itself, whatever proxy the host has. `more`: credentials, a body to send.
 */
export function curlBody(
  url: string,
  withinSeconds: number,
  more: readonly string[] = [],
): readonly [string, ...string[]] {
  const quiet = ["--silent", "--show-error", "--fail", "--noproxy", "*"];
  return ["curl", ...quiet, "--max-time", String(withinSeconds), ...more, url];
}

/** Options that name a client certificate and the authority of the server. */
export function curlCredentials(access: {
  readonly authorityPath: string;
  readonly certificatePath: string;
  readonly keyPath: string;
}): readonly string[] {
  return ["--cacert", access.authorityPath, "--cert", access.certificatePath, "--key", access.keyPath];
}

/** Every way curl can end, and that there is none: for whoever reads the exit code instead of failing. */
export const curlExitCodes: readonly number[] = [...Array(123).keys(), 127];
