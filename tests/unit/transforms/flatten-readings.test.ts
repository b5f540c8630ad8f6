import flattenReadings from '../../../transforms/flatten-readings';

test('one message becomes a record per sensor, with its site and in Celsius', () => {
  const message = { gateway: 'gw-1', ts: 5, readings: { oven: { f: 212 }, hall: { c: 20 } } };
  expect(flattenReadings(message)).toEqual([
    { gateway: 'gw-1', site: 'north', ts: 5, sensor: 'oven', celsius: 100 },
    { gateway: 'gw-1', site: 'north', ts: 5, sensor: 'hall', celsius: 20 },
  ]);
});

test('a gateway that is not in the table stands at an unknown site', () => {
  const message = { gateway: 'gw-9', ts: 5, readings: { hall: { c: 20 } } };
  expect(flattenReadings(message)).toMatchObject([{ site: 'unknown' }]);
});

test('a message without readings is nothing', () => {
  expect(flattenReadings({ gateway: 'gw-1', ts: 5 })).toBeNull();
});
