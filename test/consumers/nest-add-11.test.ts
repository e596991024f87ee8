import { describeNestAdd } from './nest-add.ts';

describeNestAdd('11.0.24');
