import { fileURLToPath } from "node:url";

/** The repository's folder, seen from the compiled tests in `dist/test/support`. */
export const root: string = fileURLToPath(new URL("../../../", import.meta.url));
