import { describeConsumer } from './consumer.ts';

describeConsumer('nest-11-jest', ['--json', '--outputFile=result.json']);
