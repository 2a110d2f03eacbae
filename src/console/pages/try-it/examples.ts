/** Something to begin with. */
export interface Example {
  readonly title: string;
  readonly payload: string;
}

/** What stands in the field at first. */
export const FIRST_PAYLOAD = '{\n  "order_id": "A-1001",\n  "amount": 99.50,\n  "items": ["tea", "cups"]\n}';

/** Payloads. */
export const EXAMPLES: readonly Example[] = [
  {
    title: "An order",
    payload: FIRST_PAYLOAD,
  },
  { title: "A chat message", payload: '{\n  "from": "ada",\n  "text": "Hello, who is there?"\n}' },
  {
    title: "A reading",
    payload: '{\n  "sensor": "roof",\n  "celsius": -3.75,\n  "at": "2026-01-15T06:30:00Z"\n}',
  },
  {
    title: "Numbers that JavaScript would spoil",
    payload: '{\n  "id": 9223372036854775807,\n  "huge": 1e400,\n  "price": 1.10\n}',
  },
  { title: "A plain string", payload: '"just text"' },
  { title: "null", payload: "null" },
  {
    title: "Markup, which must stay text",
    payload: '{\n  "text": "<img src=x onerror=alert(1)>",\n  "link": "javascript:alert(1)"\n}',
  },
];

/** Frames, right ones and wrong ones. */
export const RAW_EXAMPLES: readonly Example[] = [
  { title: "A ping", payload: '{"type":"ping","request_id":"mine"}' },
  {
    title: "A publish",
    payload: '{"type":"publish","topic":"demo","message":{"id":"m1","payload":[1,2,3]},"request_id":"mine"}',
  },
  {
    title: "A subscribe for all that the topic holds",
    payload: '{"type":"subscribe","topic":"demo","client_id":"me","since":{"epoch":"","offset":0},"request_id":"mine"}',
  },
  { title: "A key is missing", payload: '{"type":"subscribe","topic":"demo"}' },
  { title: "No such type", payload: '{"type":"hello"}' },
  { title: "No JSON at all", payload: '{"type":' },
];
