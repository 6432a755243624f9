import { test } from 'vitest';
import { till } from './no-such-till.mjs';

test('never run', () => {
  till.open();
});
