/**
 * Whether IMDS still answers without a token. Asked by `postern doctor` alone, which tells; nothing is ever
 * read from such an answer.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-existing-instances.html
 * @module
 */
import http from "node:http";

const ENDPOINT = "http://169.254.169.254";
const TIMEOUT_MS = 1000;

/**
 * True when the list of metadata categories is given out without a token, undefined when nothing answers.
 * @param endpoint undefined: the link-local address
 */
export function answersWithoutToken(endpoint: URL | undefined): Promise<boolean | undefined> {
  return new Promise((resolve) => {
    const request = http.request(new URL("/latest/meta-data/", endpoint ?? ENDPOINT), {
      // an agent of its own: no proxy, whatever the environment says
      agent: new http.Agent(),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    request.on("error", () => resolve(undefined));
    request.on("response", (response) => {
      response.destroy();
      resolve(response.statusCode === 200);
    });
    request.end();
  });
}
