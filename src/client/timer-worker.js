// Timers of a hidden tab may fire once a minute; those of a worker keep their time.
// In: [id, milliseconds] sets the timer with that id, in place of an earlier time; [id] cancels it.
// Out: the id, when its time has come.
const timers = new Map();
onmessage = ({ data: [id, delay] }) => {
  clearTimeout(timers.get(id));
  timers.delete(id);
  if (delay === undefined) return;
  timers.set(id, setTimeout(() => {
    timers.delete(id);
    postMessage(id);
  }, delay));
};
