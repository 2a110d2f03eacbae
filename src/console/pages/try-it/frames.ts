import { signal } from "@preact/signals";
import { type Direction, Frame } from "./frame.ts";
import { MAX_FRAMES, MAX_TEXT, newest } from "./frame-list.ts";

// What went over the connection, as the page shows it.

/** Thousands of frames a second are shown ten times a second: nobody reads faster, and the page stays quick. */
const BATCH_MS = 100;
/** So many in one batch are a flood. */
const FLOOD = 50;

/** The frames of the list, oldest first. */
export const frames = signal<readonly Frame[]>([]);
/** How many there were since the list was cleared, those included that it no longer has. */
export const frameCount = signal(0);
/** Whether the list stands still; what comes meanwhile waits. */
export const paused = signal(false);
/** Whether the user has scrolled back: then, too, nothing moves. */
export const isReading = signal(false);
/** Whether more came at once than anybody reads. */
export const isFlood = signal(false);
/** How many frames wait while nothing moves, those included that there is no room for. */
export const heldCount = signal(0);

let waiting: readonly Frame[] = [];
let arrived: Frame[] = [];
let arrivedText = 0;
let arrivedCount = 0;
let lastId = 0;
let isDue = false;

/** Adds a frame to what is shown next. */
export function addFrame(direction: Direction, text: string): void {
  arrived.push(new Frame(++lastId, Date.now(), direction, text));
  arrivedText += text.length;
  arrivedCount++;
  // A page that nobody looks at is woken up once a second or less.
  if (arrived.length >= 2 * MAX_FRAMES || arrivedText >= 2 * MAX_TEXT) takeArrived();
  if (isDue) return;
  isDue = true;
  setTimeout(show, BATCH_MS);
}

function takeArrived(): void {
  waiting = newest([...waiting, ...arrived]);
  arrived = [];
  arrivedText = 0;
}

function show(): void {
  isDue = false;
  takeArrived();
  heldCount.value = arrivedCount;
  if (paused.value || isReading.value) return;
  isFlood.value = arrivedCount > FLOOD;
  frameCount.value += arrivedCount;
  frames.value = newest([...frames.value, ...waiting]);
  waiting = [];
  arrivedCount = 0;
  heldCount.value = 0;
}

/** Lets the list stand still, or go on with what waits. */
export function pause(isPaused: boolean): void {
  paused.value = isPaused;
  show();
}

/** Notes whether the user has scrolled back; once they are at the end again, the list goes on. */
export function read(isBack: boolean): void {
  if (isReading.value === isBack) return;
  isReading.value = isBack;
  show();
}

/** Forgets all frames. */
export function clearFrames(): void {
  waiting = [];
  arrived = [];
  arrivedText = 0;
  arrivedCount = 0;
  heldCount.value = 0;
  frameCount.value = 0;
  frames.value = [];
  isReading.value = false;
}
