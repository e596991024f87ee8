/** The name of a tenant among the turns of a queue, without a quote or a backslash: the script on Redis reads it from JSON. */
export function laneOf(tenantId: string): string {
  return Buffer.from(tenantId).toString('base64url');
}
