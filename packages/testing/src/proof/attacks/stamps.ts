import { type Attack, leakOf, leaks, notApplicable, proven, statusOf } from './attack.js';

/** Jobs and ticks that must not run: whose stamp is missing, forged or another job's, and whose tenant is suspended or unknown. */
export const stamps: Attack = {
  name: 'stamps',
  isOneWay: true,
  run: async (target) => {
    const { forgeries } = target.transport;
    if (!forgeries?.length) return notApplicable('It is called by requests, which bring no stamp.');
    if (target.entrance.isUntenanted) return notApplicable('It has no tenant.');
    for (const forgery of forgeries) {
      const watched = target.transport.isClock ? [target.own] : [target.own, target.other];
      const attempt = await target.attempt({ ...(await target.asItself()), forgery, watched });
      const leak = leakOf(attempt, target, forgery);
      if (leak) return leak;
      if (!attempt.isRefused) return leaks(`${forgery} it ran (${statusOf(attempt)}), and must be refused.`, attempt);
    }
    return proven(`Refused: ${forgeries.map((each) => each.charAt(0).toLowerCase() + each.slice(1)).join('; ')}.`);
  },
};
