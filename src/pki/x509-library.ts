/**
 * The X.509 library, loaded when the first certificate is made: it is 200 modules, and most commands, a plan with nothing
 * to do among them, make none.
 */
export async function x509Library(): Promise<typeof import("@peculiar/x509")> {
  await import("reflect-metadata");
  return await import("@peculiar/x509");
}
