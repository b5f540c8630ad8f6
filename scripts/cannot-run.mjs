/** Why a check cannot run on this machine; everything else that fails is a plain error. */
export class CannotRun extends Error {}
