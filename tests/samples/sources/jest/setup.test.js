describe('closed till', () => {
  beforeAll(() => {
    throw new Error('the till does not answer');
  });
  test('first', () => {});
  test('second', () => {});
});

describe('receipt', () => {
  afterEach(() => {
    throw new Error('the receipt printer is out of paper');
  });
  test('prints', () => {});
});
