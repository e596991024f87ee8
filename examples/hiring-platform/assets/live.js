// Shows applications as they come, to who looks at the job. The cookie says who that is; the room is the company's own.
const list = document.querySelector('[data-job]');
const status = document.querySelector('#live');
const live = io('/live', { transports: ['websocket'] });

live.on('connect', () => live.emit('watch', { jobId: list.dataset.job }));
live.on('watching', () => {
  status.textContent = 'Live: applications appear here as they come.';
  status.dataset.state = 'watching';
});
live.on('disconnect', () => {
  status.textContent = 'Not live at the moment.';
  status.dataset.state = 'away';
});
live.on('application', async ({ id }) => {
  // The row as the server writes it, so that no markup is made here.
  const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), 'text/html');
  const row = page.getElementById(`application-${id}`);
  if (!row || document.getElementById(row.id)) return;
  document.querySelector('#nobody')?.remove();
  row.classList.add('new');
  list.prepend(row);
  status.textContent = `New: ${row.dataset.name} has applied.`;
});
