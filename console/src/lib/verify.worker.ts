/** Verifies beside the page, which stays awake: told an archive and a trust file, it tells step after step, and then that it has ended. */
import { unpacked, verify, type Step } from "./verify.ts";

export interface Order {
  archive: ArrayBuffer;
  trusted: string;
}
export type Told = Step | "ended";

const tell = (told: Told) => postMessage(told);

onmessage = async ({ data: { archive, trusted } }: MessageEvent<Order>) => {
  try {
    for await (const step of verify(unpacked(new Uint8Array(archive)), trusted, new Date())) tell(step);
  } catch (error) {
    tell({ step: "archive", found: `it cannot be unpacked: ${error}`, passed: false });
  }
  tell("ended");
};
