// What a worker of a pool runs.
export default (value) => value;
