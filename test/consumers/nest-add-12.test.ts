import { describeNestAdd } from './nest-add.ts';

describeNestAdd('12.0.8');
