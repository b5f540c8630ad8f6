/** The part of cli-progress that progress.ts uses; the package ships no types. */
declare module 'cli-progress' {
  export interface BarOptions {
    readonly format: string;
    readonly stream: NodeJS.WritableStream;
    readonly hideCursor: boolean;
    readonly clearOnComplete: boolean;
    readonly gracefulExit: boolean;
    readonly fps: number;
  }
  export interface Preset {
    readonly barCompleteChar: string;
    readonly barIncompleteChar: string;
  }
  export class SingleBar {
    constructor(options: Partial<BarOptions>, preset?: Preset);
    start(total: number, startValue: number): void;
    update(value: number): void;
    stop(): void;
  }
  export const Presets: { readonly shades_classic: Preset };
}
