export default async (job) => {
  await job.log('ran');
  return 'ran';
};
