export interface TemplateErrorPlace {
  readonly source: string;
  readonly line: number | null;
  readonly column: number | null;
  /** Logical id of the resource, or the section of the template. */
  readonly logicalId: string | null;
  /** Dotted path within it, such as `Properties.Events.Stream.Properties.BatchSize`. */
  readonly property: string | null;
}

/** The template cannot be read as CloudFormation would; thrown while reading, before anything runs. */
export class TemplateError extends Error {
  readonly place: TemplateErrorPlace;

  constructor(problem: string, place: TemplateErrorPlace) {
    super(`${[position(place), path(place)].filter((part) => part !== '').join(': ')}: ${problem}`);
    this.name = 'TemplateError';
    this.place = place;
  }
}

function position({ source, line, column }: TemplateErrorPlace): string {
  return line === null ? source : `${source}:${line}:${column}`;
}

function path({ logicalId, property }: TemplateErrorPlace): string {
  return [logicalId, property].filter((part) => part !== null && part !== '').join('.');
}
