const { defineConfig } = require('@playwright/test');

module.exports = defineConfig({
  testDir: '.',
  retries: 1,
  workers: 1,
  metadata: { build: 'basket 7' },
  reporter: [
    ['json', { outputFile: 'report.json' }],
    ['junit', { outputFile: 'junit.xml' }],
    ['playwright-ctrf-json-reporter', { outputDir: '.', outputFile: 'ctrf.json' }],
  ],
  projects: [{ name: 'desktop' }, { name: 'mobile', grep: /@small/ }],
});
