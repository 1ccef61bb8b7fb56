// An add-on may ask to be closed. Nothing else that it says is heard: it gets what it needs by its
// token, from the Open API.

const frame = document.getElementById("add-on");

window.addEventListener("message", (event) => {
  const its = event.source === frame?.contentWindow && event.origin === frame.dataset.origin;
  if (its && event.data === "voucherweb:return") location.assign(frame.dataset.return);
});
