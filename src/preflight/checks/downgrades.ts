import type { Finding, PreflightCheck } from "../check.ts";

/** Names that spec.preflight.downgrade may hold are those of the other checks; `names` is the list of them. */
export function downgrades(names: readonly string[]): PreflightCheck {
  return {
    name: "downgrades",
    asks: "names in preflight.downgrade",
    run: ({ spec }) => {
      const unknown = spec.preflight.downgrade.filter(({ check }) => !names.includes(check));
      const findings = unknown.map(
        ({ check }): Finding => ({
          severity: "error",
          message: `preflight.downgrade names "${check}", which is no check`,
          because: `known are ${names.join(", ")}`,
          hint: { text: "correct the name, or remove the entry", command: "slipway preflight" },
        }),
      );
      return Promise.resolve({ state: "judged", findings, because: "every downgrade names a check" });
    },
  };
}
