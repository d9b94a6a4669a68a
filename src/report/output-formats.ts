/** Formats every command that prints a result can print: `-o text|json|yaml`. */
export const outputFormats = ["text", "json", "yaml"] as const;
export type OutputFormat = (typeof outputFormats)[number];
