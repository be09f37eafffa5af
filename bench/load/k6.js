// With RATE an open loop at that rate, without it a closed loop: both from the environment, as k6 likes it.
import http from "k6/http";

const { TARGET, RATE, SECONDS, CONNECTIONS } = __ENV;
const duration = `${SECONDS}s`;
const open = {
  executor: "constant-arrival-rate", rate: Number(RATE), timeUnit: "1s", duration,
  preAllocatedVUs: Number(CONNECTIONS), maxVUs: Number(CONNECTIONS),
};
const closed = { executor: "constant-vus", vus: Number(CONNECTIONS), duration };

export const options = {
  discardResponseBodies: true,
  scenarios: { load: RATE ? open : closed },
  summaryTrendStats: ["med", "p(90)", "p(95)", "p(99)", "p(99.9)"],
};

export default function () {
  http.get(TARGET);
}
