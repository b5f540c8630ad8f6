/**
 * Public list prices in US dollars, without free tiers, savings plans and taxes. Prices change and
 * differ by region: `asOf` and `region` are printed wherever a cost is.
 */
export const PRICES = {
  asOf: '2025-06',
  region: 'us-east-1',
  /** AWS Lambda: requests, and gigabytes of memory times seconds; 1 ms steps. */
  lambdaPerMillionRequests: 0.2,
  lambdaPerGbSecond: { arm64: 0.0000133334, x86_64: 0.0000166667 },
  /** DynamoDB on-demand, standard tables: write units of 1 KB, strongly consistent read units of 4 KB. */
  dynamoDbPerMillionWriteUnits: 0.625,
  dynamoDbPerMillionReadUnits: 0.125,
  /** Kinesis Data Streams on-demand; every record counts as a whole number of kilobytes when put. */
  kinesisPerGbIn: 0.08,
  kinesisPerGbOut: 0.04,
  kinesisPerStreamHour: 0.04,
  /** A provisioned stream: its shards, and what is put in units of 25 KB. */
  kinesisPerShardHour: 0.015,
  kinesisPerMillionPutUnits: 0.014,
  /** S3 Standard: PUT requests (quarantined records). */
  s3PerMillionPuts: 5,
  /** CloudWatch: standard alarms, dashboards, custom metrics (the first 10,000), logs taken in. */
  cloudWatchPerAlarmMonth: 0.1,
  cloudWatchPerDashboardMonth: 3,
  cloudWatchPerMetricMonth: 0.3,
  cloudWatchPerGbOfLogs: 0.5,
} as const;

export type Architecture = keyof typeof PRICES.lambdaPerGbSecond;
