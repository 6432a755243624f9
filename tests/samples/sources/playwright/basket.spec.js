const { expect, test } = require('@playwright/test');

const prices = { apple: 1, pear: 2 };
const total = (...names) => names.reduce((sum, name) => sum + prices[name], 0);

test('empty basket costs nothing @small', { tag: '@fast', annotation: { type: 'issue', description: 'BASKET-7' } }, async ({}, testInfo) => {
  console.log('adding nothing, für alle');
  console.error('a warning on the error stream');
  await testInfo.attach('basket.txt', { body: 'apple\n', contentType: 'text/plain' });
  await test.step('compare', async () => expect(total()).toBe(0));
});

test('apples & pears cost <4> "crowns"', () => {
  expect(total('apple', 'pear')).toBe(4);
});

test('two soft failures', () => {
  expect.soft(total('apple'), 'an apple').toBe(2);
  expect.soft(total('pear'), 'a pear').toBe(1);
});

test.skip('discounts come in spring', () => {});

test.fixme('rounding is not done yet', () => {});

test('no voucher', () => {
  test.skip(true, 'no voucher in the basket <&>');
});

test('expected failure', () => {
  test.fail(true, 'rounding is not done yet');
  expect(total('apple')).toBe(1.005);
});

test('unexpected pass', () => {
  test.fail(true, 'thought to be broken');
  expect(total('apple')).toBe(1);
});

test('flaky passes in second try @small', ({}, testInfo) => {
  expect(testInfo.retry, 'the scale was not ready').toBe(1);
});

for (const [name, cost] of [['apple', 1], ['pear', 2]]) {
  test(`${name} costs ${cost}`, () => expect(total(name)).toBe(cost));
}

test.describe('checkout', () => {
  test.describe('by card', () => {
    test('Größe überprüft', () => {});
  });
});

test.describe('closed till', () => {
  test.beforeAll(() => {
    throw new Error('the till does not answer');
  });
  test('first', () => {});
  test('second', () => {});
});

test.describe('without a second try', () => {
  test.describe.configure({ retries: 0 });
  test('times out', async () => {
    test.setTimeout(200);
    await new Promise(() => {});
  });
});

test.describe('receipt', () => {
  test.describe.configure({ retries: 0 });
  test.afterEach(() => {
    throw new Error('the receipt printer is out of paper');
  });
  test('prints', () => {});
});
