/** Follows what happens on the server, record by record; the browser asks again by itself where it was cut off. */
export interface Told {
  event: string;
  data: unknown;
  id: string;
}

/** Calls `on` with all that came since the last frame at once, so that a thousand a second are sixty changes of the page. */
export function follow(path: string, on: (news: Told[]) => void, onState: (live: boolean) => void, events?: string[]): () => void {
  const source = new EventSource(path);
  let waiting: Told[] = [];
  let frame = 0;
  const flush = () => {
    frame = 0;
    const news = waiting;
    waiting = [];
    on(news);
  };
  const take = (message: MessageEvent<string>) => {
    waiting.push({ event: message.type, data: JSON.parse(message.data), id: message.lastEventId });
    frame ||= requestAnimationFrame(flush);
  };
  for (const name of events ?? ["message"]) source.addEventListener(name, take);
  source.onopen = () => onState(true);
  source.onerror = () => onState(false);
  return () => {
    source.close();
    cancelAnimationFrame(frame);
  };
}
