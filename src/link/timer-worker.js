// Timers of a hidden tab may run once a minute; those of a worker keep their time.
// In: [name, milliseconds], replacing the timer of that name. Out: the name, when its time has come.
const timers = {};
onmessage = ({ data: [name, delay] }) => {
  clearTimeout(timers[name]);
  timers[name] = setTimeout(() => postMessage(name), delay);
};
