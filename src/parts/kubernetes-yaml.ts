import { stringify } from "yaml";

/**
 * YAML for programs of Kubernetes. They read YAML 1.1, where the text yes is true, 0123 is octal and 1:30 a number of
 * seconds: such text is quoted, though YAML 1.2 would not need it.
 */
export function kubernetesYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, compat: "yaml-1.1", aliasDuplicateObjects: false });
}
