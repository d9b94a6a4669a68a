/** A TOML basic string: JSON's escapes are a subset of TOML's, save for DEL, which TOML wants escaped too. */
export function tomlString(text: string): string {
  return JSON.stringify(text).replaceAll("\u007f", "\\u007F");
}
