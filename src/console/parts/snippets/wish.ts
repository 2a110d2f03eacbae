// What somebody asks for, however it is then said: as a frame, as a command, in a program.

/** From where a subscription begins. */
export type Replay =
  | { readonly kind: "none" }
  | { readonly kind: "last"; readonly count: number }
  | { readonly kind: "since"; readonly epoch: string; readonly offset: number };

/** Something that a form asks for; it can be sent as a frame, or said as a command. */
export type Wish =
  | { readonly type: "subscribe"; readonly topic: string; readonly replay: Replay }
  | {
      readonly type: "publish";
      readonly topic: string;
      /** Empty where one is to be made. */
      readonly id: string;
      /** JSON, which stays as it was typed. */
      readonly payload: string;
      readonly dedupe: boolean;
    };
