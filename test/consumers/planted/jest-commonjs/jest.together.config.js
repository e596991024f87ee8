const { setupFilesAfterEnv, ...config } = require('./jest.config.js');

/** As it is without the setup that waits for the harness. */
module.exports = config;
