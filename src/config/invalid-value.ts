/** Why a text is no value of an option, in words that follow the option's name: "must be …". */
export class InvalidValue {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}
