import { describeConsumer } from './consumer.ts';

describeConsumer('nest-12-vitest', ['--reporter=default', '--reporter=json', '--outputFile=result.json']);
