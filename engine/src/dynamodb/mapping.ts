import { KinesisMapping } from '../kinesis/mapping';

/** A mapping of a table's stream: read as a Kinesis stream is, and told apart from one. */
export class TableStreamMapping extends KinesisMapping {}
