/** Tells a listener of the application, and waits for it: what it throws, or rejects with, is no failure of a tenant's work. */
export async function heard(tell: () => unknown, thrown: (error: unknown) => void): Promise<void> {
  try {
    await tell();
  } catch (error) {
    thrown(error);
  }
}
