export const report = {
  html: 'reports/isolation.html',
  json: 'reports/isolation.json',
  junit: 'reports/isolation.xml',
  sarif: 'reports/isolation.sarif',
};
