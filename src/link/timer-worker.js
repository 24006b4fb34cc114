// Timers of a hidden tab may run once a minute; those of a worker keep their time.
// In: [name, milliseconds], replacing the timer of that name; a negative time only clears it. Out: the name.
const timers = {};
onmessage = ({ data: [name, delay] }) => {
  clearTimeout(timers[name]);
  if (delay >= 0) timers[name] = setTimeout(() => postMessage(name), delay);
};
