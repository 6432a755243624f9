import { describe, expect, test } from 'vitest';

const prices = { apple: 1, pear: 2 };
const total = (...names) =>
  names.reduce((sum, name) => {
    if (!(name in prices)) throw new RangeError(`no price for ${name}`);
    return sum + prices[name];
  }, 0);

let flaky = 0;

test('empty basket costs nothing', () => {
  console.log('adding nothing, für alle');
  console.error('a warning on the error stream');
  expect(total()).toBe(0);
});

test('apples & pears cost <4> "crowns"', () => {
  expect(total('apple', 'pear')).toBe(4);
});

test('unknown article', () => {
  total('plum');
});

test.skip('discounts come in spring', () => {});

test('no voucher', (context) => context.skip('no voucher in the basket'));

test.todo('rounding is not done yet');

test.fails('expected failure', () => {
  expect(total('apple')).toBe(2);
});

test.fails('unexpected pass', () => {
  expect(total('apple')).toBe(1);
});

test('flaky passes in second try', { retry: 2 }, () => {
  flaky += 1;
  expect(flaky).toBeGreaterThan(1);
});

test('fails in every try', { retry: 2 }, () => {
  throw new Error('the scale never gets ready');
});

describe('prices', () => {
  test.each([
    ['apple', 1],
    ['pear', 3],
  ])('%s costs %i', (name, cost) => {
    expect(total(name)).toBe(cost);
  });
});

describe('checkout', () => {
  describe('by card', () => {
    test('Größe überprüft', () => {});
  });
});
