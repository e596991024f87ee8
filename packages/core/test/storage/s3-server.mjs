import S3rver from 's3rver';

// A process of its own: the tokens of its pages need a cipher that Node has only when it is asked for.
const server = new S3rver({ address: '127.0.0.1', port: 0, silent: true, directory: process.argv[2] });
const { port } = await server.run();
process.send({ port });
process.on('disconnect', () => process.exit());
