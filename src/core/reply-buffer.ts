import { newBlock } from "../bytes/block.ts";
import { frameHeaderLength, OPCODE, writeFrameHeader } from "../websocket/frame.ts";

const BUFFER_BYTES = 16 * 1024;

/**
 * Memory in which replies are encoded as WebSocket frames, one behind the other, whoever they are for: the replies of one
 * burst to one client stand together. A byte once written never moves.
 */
export class ReplyBuffer {
  block = newBlock(Buffer.allocUnsafeSlow(BUFFER_BYTES));
  /** Where the next reply's frame starts. */
  frameStart = 0;
  /** Where the next reply's payload starts, once room was made for it. */
  payloadStart = 0;

  /** Makes room for the frame of a reply and writes its header; returns where the frame ends. */
  reserve(payloadLength: number): number {
    const length = frameHeaderLength(payloadLength) + payloadLength;
    if (this.frameStart + length > this.block.bytes.length) {
      this.block = newBlock(Buffer.allocUnsafeSlow(Math.max(BUFFER_BYTES, length)));
      this.frameStart = 0;
    }
    this.payloadStart = writeFrameHeader(this.block.bytes, this.frameStart, OPCODE.TEXT, payloadLength);
    return this.frameStart + length;
  }
}
