/** A logger that says nothing. @module */

/** The SDK's warnings quote errors whole; ours say what is needed. */
export const SILENT: Readonly<Record<"trace" | "debug" | "info" | "warn" | "error", () => void>> = {
  trace: (): void => undefined,
  debug: (): void => undefined,
  info: (): void => undefined,
  warn: (): void => undefined,
  error: (): void => undefined,
};
