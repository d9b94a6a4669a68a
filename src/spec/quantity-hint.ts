import type { ValueKind } from "./schema/value-kind.ts";
import { valueKinds } from "./schema/value-kinds.ts";
import type { FieldPath } from "./yaml/path-locator.ts";

/**
 * How a quantity that was not taken is to be written: "write 4Gi (powers of 1024) or 4G (powers of 1000)" for 4GB. An
 * example that suits the field where nobody can tell what was meant; undefined for kinds of text that are no quantities.
 */
export function quantityHint(path: FieldPath, value: unknown, kind: ValueKind): string | undefined {
  const isSize = kind === valueKinds.quantity;
  if (!isSize && kind !== valueKinds.resourceQuantity && kind !== valueKinds.evictionThreshold) return undefined;
  const field = String(path.at(-1));
  const isBytes = isSize || /(?:memory|storage|\.available)$|hugepages-/.test(field);
  const meant = typeof value === "string" && isBytes ? spellingsOf(value) : undefined;
  if (meant !== undefined) {
    const { binary, decimal } = meant;
    if (decimal === undefined || isSize) return `write ${binary}`;
    return `write ${binary} (powers of 1024) or ${decimal} (powers of 1000)`;
  }
  const isMemory = kind === valueKinds.resourceQuantity && isBytes;
  return `write it like ${isMemory ? "4Gi" : kind.example}`;
}

/** "4GB", "4 gb" and "4g" can mean both; "4GiB" and "4gi" only powers of 1024, which all kinds of quantities can have. */
function spellingsOf(text: string): { readonly binary: string; readonly decimal?: string } | undefined {
  const [, amount, letter = "", binary] =
    /^([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*([kmgt])(i?)(?:b|bytes?)?$/i.exec(text.trim()) ?? [];
  if (amount === undefined) return undefined;
  const unit = letter.toUpperCase();
  if (binary !== "") return { binary: `${amount}${unit}i` };
  return { binary: `${amount}${unit}i`, decimal: `${amount}${unit === "K" ? "k" : unit}` };
}
