// Requires each of the entries, as an application in CommonJS does.
const problems = [];
for (const entry of process.argv.slice(2)) {
  try {
    if (Object.keys(require(entry)).length === 0) problems.push(`${entry} exports nothing`);
  } catch (error) {
    problems.push(`${entry}: ${String(error.message).split('\n')[0]}`);
  }
}
console.log(JSON.stringify({ problems }));
process.exit(0);
