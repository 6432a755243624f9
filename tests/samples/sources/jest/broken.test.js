const till = require('./no-such-till');

test('never run', () => {
  till.open();
});
